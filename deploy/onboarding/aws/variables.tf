variable "trusted" {
  description = "ARN of the role or user that cloudsync runs as, which alone may take the role: role_arn of deploy/aws-lambda."
  type        = string

  validation {
    condition     = can(regex("^arn:aws[a-z-]*:(iam|sts)::[0-9]{12}:(role|user|assumed-role)/.+$", var.trusted))
    error_message = "Give the ARN of one role or user. A whole account, or *, would let in anybody there."
  }
}

variable "external_id" {
  description = "What cloudsync names when it takes the role: external_id in its configuration."
  type        = string
}

variable "units" {
  description = "Ids of the organizational units whose accounts get the role, or of the organization's root (r-…)."
  type        = set(string)

  validation {
    condition     = length(var.units) > 0 && alltrue([for one in var.units : can(regex("^(ou|r)-[a-z0-9-]+$", one))])
    error_message = "Give ou-… or r-…, at least one, as aws organizations list-roots shows it."
  }
}

variable "region" {
  description = "Where the stacks stand; a role is global, so one region is enough."
  type        = string
}

variable "role" {
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

variable "trail" {
  description = "Whether CloudTrail may be asked who undid a change."
  type        = bool
  default     = false
}

variable "bus" {
  description = "ARN of the bus that changes are sent to, so that they are looked at within seconds: bus of deploy/aws-lambda; null for none."
  type        = string
  default     = null

  validation {
    condition     = var.bus == null || can(regex("^arn:aws[a-z-]*:events:[a-z0-9-]+:[0-9]{12}:event-bus/[A-Za-z0-9._-]+$", var.bus))
    error_message = "Give the ARN of one event bus."
  }
}

variable "event_regions" {
  description = "The regions whose changes are sent there: those that have targets, each enabled in every account of the units."
  type        = set(string)
  default     = []
}

variable "delegated" {
  description = "Whether this is a delegated administrator's account, and not the management account."
  type        = bool
  default     = false
}
