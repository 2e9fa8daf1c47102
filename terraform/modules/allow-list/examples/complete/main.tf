# No provider is needed: what comes out can go into any resource of yours.
module "allow_list" {
  source = "../.."

  accept_bundled      = "2009-09-18" # only where cloudsync didn't write the module
  widen               = "24"
  shoreline           = ["EXG3"]
  additional_networks = ["192.0.2.0/24"] # relays of your own
  warn_after          = "720h"
}

output "ipv4" {
  description = "Who may deliver over IPv4."
  value       = module.allow_list.ipv4
}

output "ipv6" {
  description = "Who may deliver over IPv6."
  value       = module.allow_list.ipv6
}
