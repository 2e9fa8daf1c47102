variable "bundle" {
  description = "The zip that python -m deploy.bundle build aws-lambda made."
  type        = string
}

variable "name" {
  description = "What the function, its role and its alarm are called."
  type        = string
  default     = "cloudsync"

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{0,29}$", var.name))
    error_message = "A name has up to 30 small letters, digits and hyphens, and begins with a letter."
  }
}

variable "runtime" {
  description = "The Python that the bundle was built by: its byte code is for no other."
  type        = string
  default     = "python3.13"
}

variable "architecture" {
  description = "What the bundle was built for: x86_64, or arm64 (--machine aarch64)."
  type        = string
  default     = "x86_64"

  validation {
    condition     = contains(["x86_64", "arm64"], var.architecture)
    error_message = "Say x86_64 or arm64."
  }
}

variable "memory" {
  description = "MiB; the share of a processor grows with it."
  type        = number
  default     = 512
}

variable "every_minutes" {
  description = "Minutes between two passes."
  type        = number
  default     = 10

  validation {
    # An alarm looks back no further than a day, in periods of whole minutes.
    condition     = var.every_minutes >= 1 && var.every_minutes <= 240 && floor(var.every_minutes) == var.every_minutes
    error_message = "Give whole minutes, 1 to 240."
  }
}

variable "intervals" {
  description = "After how many intervals without a success the alarm goes off."
  type        = number
  default     = 3

  validation {
    condition     = var.intervals >= 1 && var.intervals <= 6 && floor(var.intervals) == var.intervals
    error_message = "Give 1 to 6."
  }
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

variable "member_roles" {
  description = "ARNs of the roles that it may take in other accounts (providers/aws/permissions/terraform), one by one."
  type        = list(string)
  default     = []
}

variable "organization" {
  description = "Whether it may list the organization's accounts, and take the role cloudsync in each (deploy/onboarding/aws)."
  type        = bool
  default     = false
}

variable "trail" {
  description = "Whether CloudTrail may be asked who undid a change."
  type        = bool
  default     = false
}

variable "tell" {
  description = "Mail addresses that hear of failures and of silence; each confirms once."
  type        = set(string)
  default     = []
}

variable "environment" {
  description = "More variables of the function. No secret: those go into secrets."
  type        = map(string)
  default     = {}
}

variable "secrets" {
  description = "Variables of the function that stand in a store: ARNs of secrets of Secrets Manager, or of parameters of Systems Manager."
  type        = map(string)
  default     = {}

  validation {
    condition     = alltrue([for arn in values(var.secrets) : can(regex("^arn:aws[a-z-]*:(secretsmanager:[^:]+:[0-9]{12}:secret:|ssm:[^:]+:[0-9]{12}:parameter/)[^*]+$", arn))])
    error_message = "Give the whole ARN of one secret or parameter each."
  }
}

variable "secret_keys" {
  description = "ARNs of your own KMS keys that these are encrypted by; the account's usual ones need no permission."
  type        = list(string)
  default     = []
}

variable "events" {
  description = "Whether changes that CloudTrail tells of are looked at within seconds."
  type        = bool
  default     = false
}

variable "events_under" {
  description = "Id of the organization (o-…) whose accounts may send their changes here (deploy/onboarding/aws); null for this account alone."
  type        = string
  default     = null

  validation {
    condition     = var.events_under == null || can(regex("^o-[a-z0-9]{10,32}$", var.events_under))
    error_message = "Give the id alone, as aws organizations describe-organization shows it."
  }
}
