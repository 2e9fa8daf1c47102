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
variable "resource_group_name" {
  description = "The resource group of the network security group."
  type        = string
  nullable    = false
}

variable "network_security_group_name" {
  description = "The group whose inbound rules these are. Its rules must not also stand inline in azurerm_network_security_group."
  type        = string
  nullable    = false
}

variable "destination_address_prefix" {
  description = "What the rules protect: * is everything behind the group."
  type        = string
  default     = "*"
  nullable    = false
}

variable "priorities" {
  description = "The rules' numbers, each unique in the group: allow rules ahead of the probes', and these ahead of the deny."
  type = object({
    ipv4  = optional(number, 200)
    ipv6  = optional(number, 201)
    probe = optional(number, 210)
    deny  = optional(number, 4000)
  })
  default  = {}
  nullable = false

  validation {
    condition     = alltrue([for one in values(var.priorities) : one >= 100 && one <= 4096 && floor(one) == one])
    error_message = "Azure's priorities are whole numbers from 100 to 4096."
  }

  validation {
    condition     = max(var.priorities.ipv4, var.priorities.ipv6, var.priorities.probe) < var.priorities.deny && length(distinct(values(var.priorities))) == 4
    error_message = "Each number is another's, and the deny stands behind all allow rules: else it stops the mail."
  }
}

variable "probe" {
  description = "Whether the platform's health probes (AzureLoadBalancer) are let in: without them a balancer drops its backends."
  type        = bool
  default     = true
  nullable    = false
}

variable "deny" {
  description = "none: nothing is closed. Internet: everyone else from outside. *: everyone else, internal addresses too."
  type        = string
  default     = "none"
  nullable    = false

  validation {
    condition     = contains(["none", "Internet", "*"], var.deny)
    error_message = "Say none, Internet or *."
  }
}
