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

  validation {
    condition     = contains(["none", "24"], var.widen)
    error_message = "Say none or 24."
  }
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

  validation {
    # cidrsubnet writes the canonical form, so that what the cloud answers is what was asked for.
    condition     = alltrue([for one in var.additional_networks : try(cidrsubnet(one, 0, 0) == one, false)])
    error_message = "Each is a network in canonical form, without host bits: 192.0.2.0/24, 2001:db8::/32."
  }

  validation {
    condition = alltrue([
      for one in var.additional_networks :
      try(tonumber(split("/", one)[1]) >= (strcontains(one, ":") ? 7 : 8), false)
    ])
    error_message = "Wider than /8 (IPv6: /7) is no network of anybody's: name the networks that send mail here."
  }
}

variable "warn_after" {
  description = "A duration such as 720h: a plan warns where the list was verified longer ago. null never warns."
  type        = string
  default     = null

  validation {
    condition     = var.warn_after == null || can(timeadd("2000-01-01T00:00:00Z", var.warn_after))
    error_message = "Write a duration in hours, minutes or seconds: 720h."
  }
}
