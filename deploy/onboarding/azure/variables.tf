variable "subscription" {
  description = "Id of any subscription that whoever applies this may see: Terraform's provider wants one."
  type        = string
}

variable "management_group" {
  description = "Name (id) of the management group whose subscriptions are looked at."
  type        = string

  validation {
    condition     = can(regex("^[A-Za-z0-9_().-]{1,90}$", var.management_group))
    error_message = "Give the name alone, as az account management-group list shows it."
  }
}

variable "principal_id" {
  description = "Object id of the identity that cloudsync runs as: one service principal or managed identity."
  type        = string

  validation {
    condition     = can(regex("^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$", var.principal_id))
    error_message = "Give an object id, such as 00000000-0000-0000-0000-00000000000a."
  }
}

variable "change" {
  description = "What may be changed: nothing, or rules of network security groups."
  type        = string
  default     = "nothing"

  validation {
    condition     = contains(["nothing", "rules"], var.change)
    error_message = "Say nothing or rules."
  }
}
