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
variable "security_group_id" {
  description = "The group whose inbound rules these are; null makes a new one in vpc_id. Its rules must not also stand inline in aws_security_group."
  type        = string
  default     = null
}

variable "vpc_id" {
  description = "Where a new group is made."
  type        = string
  default     = null
}

variable "create_security_group" {
  description = "Whether a new group is made."
  type        = bool
  default     = false
  nullable    = false
}

variable "style" {
  description = "rules: one rule a network. list: a managed prefix list a family, and a rule that names it. reference: a rule for each of prefix_list_ids, which somebody else keeps."
  type        = string
  default     = "rules"
  nullable    = false

  validation {
    condition     = contains(["rules", "list", "reference"], var.style)
    error_message = "Say rules, list or reference."
  }
}

variable "prefix_list_ids" {
  description = "With style = reference: the prefix lists, by a name of your own each."
  type        = map(string)
  default     = {}
  nullable    = false
}

variable "list_room" {
  description = "With style = list: how many entries each list may grow to; null is as many as there are now. All of them count against the group's quota."
  type        = number
  default     = null
}

variable "rules_quota" {
  description = "How many inbound rules of one family a group may hold (quota L-0EA8095F)."
  type        = number
  default     = 60
  nullable    = false
}

variable "other_rules" {
  description = "How many inbound rules of one family the group holds besides, so that the quota is reckoned whole."
  type        = number
  default     = 0
  nullable    = false
}

variable "tags" {
  description = "Tags of the group, the rules and the lists."
  type        = map(string)
  default     = {}
  nullable    = false
}
