variable "member" {
  description = "Who cloudsync is: serviceAccount:…, or principal://… of a workload identity pool. Nobody but one."
  type        = string

  validation {
    condition     = can(regex("^(serviceAccount:[^@]+@[a-z0-9.-]+|principal://iam\\.googleapis\\.com/[^*]+)$", var.member))
    error_message = "Give serviceAccount:NAME@PROJECT.iam.gserviceaccount.com or principal://…; a group, a domain or allUsers would let in others too."
  }
}

variable "organization" {
  description = "The organization's number, in which the role is made."
  type        = string

  validation {
    condition     = can(regex("^[0-9]+$", var.organization))
    error_message = "Give the number alone, as gcloud organizations list shows it."
  }
}

variable "folder" {
  description = "The number of the folder that it is let into; null for the whole organization."
  type        = string
  default     = null

  validation {
    condition     = var.folder == null || can(regex("^[0-9]+$", var.folder))
    error_message = "Give the number alone, as gcloud resource-manager folders list shows it."
  }
}

variable "role" {
  description = "What the role is called."
  type        = string
  default     = "cloudsync"

  validation {
    condition     = can(regex("^[A-Za-z0-9_.]{3,64}$", var.role))
    error_message = "A role has 3 to 64 letters, digits, underscores and dots."
  }
}

variable "change" {
  description = "What may be changed: nothing, firewalls, or network-policies (of kind network-policy)."
  type        = string
  default     = "nothing"

  validation {
    condition     = contains(["nothing", "firewalls", "network-policies"], var.change)
    error_message = "Say nothing, firewalls or network-policies."
  }
}
