variable "trusted" {
  description = "ARN of the role or user that cloudsync runs as, which alone may take this role."
  type        = string

  validation {
    condition     = can(regex("^arn:aws[a-z-]*:(iam|sts)::[0-9]{12}:(role|user|assumed-role)/.+$", var.trusted))
    error_message = "Give the ARN of one role or user. A whole account, or *, would let in anybody there."
  }
}

variable "external_id" {
  description = "What cloudsync names when it takes the role: external_id in its configuration."
  type        = string

  validation {
    # A repetition in a regular expression of Terraform's ends at 1,000.
    condition = (
      can(regex("^[\\w+=,.@:/-]+$", var.external_id))
      && length(var.external_id) >= 2 && length(var.external_id) <= 1224
    )
    error_message = "An external id has 2 to 1,224 letters, digits and any of _+=,.@:/-."
  }
}

variable "name" {
  description = "The role's name: role in cloudsync's configuration, and in organization.json."
  type        = string
  default     = "cloudsync"
}

variable "change" {
  description = "What may be changed: nothing, security-groups, or prefix-lists."
  type        = string
  default     = "nothing"

  validation {
    condition     = contains(["nothing", "security-groups", "prefix-lists"], var.change)
    error_message = "Say nothing, security-groups or prefix-lists."
  }
}

variable "tag" {
  description = "The tag that a security group or prefix list must carry to be changed: the one in select."
  type        = object({ key = string, value = string })
  default     = { key = "cloudsync", value = "smtp" }
}

variable "trail" {
  description = "Whether CloudTrail may be asked who undid a change."
  type        = bool
  default     = false
}
