variable "name" {
  description = "Stands in the mark of every rule, cloudsync-terraform/NAME, by which the worker leaves them alone."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z]([a-z0-9-]{0,28}[a-z0-9])?$", var.name))
    error_message = "Small letters, digits and hyphens: at most 30, with a letter first and no hyphen last."
  }
}

variable "ports" {
  description = "The TCP ports that the list may reach."
  type        = set(number)
  default     = [25]
  nullable    = false

  validation {
    condition     = length(var.ports) > 0 && alltrue([for one in var.ports : one >= 1 && one <= 65535 && floor(one) == one])
    error_message = "Name at least one port, from 1 to 65535."
  }
}

variable "accept_bundled" {
  description = "The day of the bundled snapshot, to use it all the same: the vendor has replaced its addresses since. Not needed where the list in force was published with the module."
  type        = string
  default     = null
}

variable "widen" {
  description = "none: networks as they are listed. 24: every narrower IPv4 network rounded up to its /24."
  type        = string
  default     = "none"
  nullable    = false
}

variable "shoreline" {
  description = "The opt-in groups of the list that apply as well, such as EXG3."
  type        = set(string)
  default     = []
  nullable    = false
}

variable "additional_networks" {
  description = "Networks that may connect besides the list, in canonical form: relays, monitoring."
  type        = set(string)
  default     = []
  nullable    = false
}

variable "warn_after" {
  description = "A duration such as 720h: a plan warns where the list was verified longer ago. null never warns."
  type        = string
  default     = null
}
variable "project" {
  description = "The project; null is the provider's own."
  type        = string
  default     = null
}

variable "network" {
  description = "The network whose firewall rules these are; null with firewall_policy."
  type        = string
  default     = null
}

variable "firewall_policy" {
  description = "A global network firewall policy that takes the rules instead; null makes rules of the network."
  type        = string
  default     = null
}

variable "target_tags" {
  description = "The network tags of the mail servers; rules of a network only."
  type        = set(string)
  default     = null
}

variable "target_service_accounts" {
  description = "The service accounts of the mail servers, in place of tags."
  type        = set(string)
  default     = null
}

variable "priorities" {
  description = "The rules' numbers. In a policy each rule takes one of its own: allow and deny count up from here, a rule a family and chunk."
  type = object({
    allow = optional(number, 900)
    deny  = optional(number, 1000)
  })
  default  = {}
  nullable = false

  validation {
    condition     = var.priorities.allow >= 0 && var.priorities.deny <= 65535 && var.priorities.deny - var.priorities.allow >= 50
    error_message = "Numbers go from 0 to 65535, and the deny stands at least 50 behind the allow: a deny wins a tie."
  }
}

variable "probes" {
  description = "Whether Google's health-check ranges are let in: without them a balancer drops its backends."
  type        = bool
  default     = true
  nullable    = false
}

variable "deny" {
  description = "Whether everyone else is stopped at these ports, internal addresses too, by a rule in each family."
  type        = bool
  default     = false
  nullable    = false
}
