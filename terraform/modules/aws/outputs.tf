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

output "security_group_id" {
  description = "The group whose rules these are."
  value       = local.group
}

output "prefix_list_ids" {
  description = "With style = list: the lists by family, to be shared or referred to."
  value       = { for family, one in aws_ec2_managed_prefix_list.family : family => one.id }
}
