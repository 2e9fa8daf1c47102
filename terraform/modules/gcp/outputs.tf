output "ipv4" {
  description = "The IPv4 networks that are let in."
  value       = module.allow_list.ipv4
}

output "ipv6" {
  description = "The IPv6 networks that are let in."
  value       = module.allow_list.ipv6
}

output "version" {
  description = "The version of the list."
  value       = module.allow_list.version
}

output "digest" {
  description = "sha256 of the list, as cloudsync list prints it."
  value       = module.allow_list.digest
}

