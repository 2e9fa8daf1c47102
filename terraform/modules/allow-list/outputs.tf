output "ipv4" {
  description = "The IPv4 networks that may connect, in canonical form, sorted."
  value       = local.ipv4

  precondition {
    condition     = local.list.bundled == null || var.accept_bundled == local.list.bundled
    error_message = "This is the bundled snapshot, whose addresses the vendor has replaced. Use the modules that cloudsync terraform writes, or say accept_bundled = \"${coalesce(local.list.bundled, "none")}\"."
  }
  precondition {
    condition     = length(local.listed) > 0
    error_message = "The list is empty: nobody could deliver mail. Nothing is changed."
  }
  precondition {
    condition     = alltrue([for one in local.parts : one.length > 0])
    error_message = "The list holds a network of everybody (/0). Nothing is changed."
  }
}

output "ipv6" {
  description = "The IPv6 networks that may connect, in canonical form, sorted."
  value       = local.ipv6

  precondition {
    condition     = local.list.bundled == null || var.accept_bundled == local.list.bundled
    error_message = "This is the bundled snapshot, whose addresses the vendor has replaced. Use the modules that cloudsync terraform writes, or say accept_bundled = \"${coalesce(local.list.bundled, "none")}\"."
  }
}

output "names" {
  description = "What the vendor calls each listed network, as data: quote it before it stands anywhere else."
  value       = { for network, names in local.names : network => names[0] }
}

output "digest" {
  description = "sha256 of the listed networks with their groups, as cloudsync list prints it."
  value       = local.list.digest
}

output "version" {
  description = "The version of this list and its modules."
  value       = local.list.version
}

output "published" {
  description = "The day on which the vendor published the list, or null."
  value       = local.list.published
}

output "verified_at" {
  description = "When the list was last accepted, in UTC, or null."
  value       = local.list.verified_at
}
