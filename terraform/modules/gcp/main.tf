locals {
  # Health checks and passthrough balancers (Google's guide, "Health checks overview").
  probes = {
    ipv4 = ["130.211.0.0/22", "209.85.152.0/22", "209.85.204.0/22", "35.191.0.0/16"]
    ipv6 = ["2600:1901:8001::/48", "2600:2d00:1:1::/64", "2600:2d00:1:b029::/64"]
  }
  everyone = { ipv4 = "0.0.0.0/0", ipv6 = "::/0" }

  # One rule takes 5,000 sources of one family.
  chunks = merge([
    for family, networks in { ipv4 = module.allow_list.ipv4, ipv6 = module.allow_list.ipv6 } : {
      for number, chunk in chunklist(networks, 5000) :
      "${family}-${number + 1}" => chunk
    }
  ]...)
  allow = merge(
    local.chunks,
    { for family, networks in local.probes : "${family}-probe" => networks if var.probes },
  )
  deny = { for family, all in local.everyone : "${family}-deny" => [all] if var.deny }

  ports = sort([for one in var.ports : tostring(one)])

  in_network = var.firewall_policy == null ? 1 : 0
  in_policy  = 1 - local.in_network

  # A rule's number is its identity in a policy: the same family and chunk keep the same one.
  numbers = {
    for name in keys(merge(local.allow, local.deny)) : name => (
      endswith(name, "-deny") ? var.priorities.deny + (startswith(name, "ipv6") ? 1 : 0) :
      endswith(name, "-probe") ? var.priorities.allow + (startswith(name, "ipv6") ? 1 : 0) :
      var.priorities.allow + 2 * tonumber(split("-", name)[1]) + (startswith(name, "ipv6") ? 1 : 0)
    )
  }
}

resource "terraform_data" "checked" {
  input = local.mark

  lifecycle {
    precondition {
      condition     = (var.network == null) != (var.firewall_policy == null)
      error_message = "Name network or firewall_policy, one of the two."
    }
    precondition {
      condition     = var.target_tags == null || var.target_service_accounts == null
      error_message = "Name target_tags or target_service_accounts: one rule takes one of the two."
    }
    precondition {
      condition     = var.target_tags == null || var.firewall_policy == null
      error_message = "A rule of a policy takes no network tags. Name target_service_accounts."
    }
    precondition {
      condition     = !(var.deny && !var.probes)
      error_message = "deny without probes = true would stop Google's health checks, and a balancer would drop every backend."
    }
    precondition {
      condition     = length(local.chunks) <= 40
      error_message = "More than 100,000 networks of a family: set widen = \"24\"."
    }
  }
}

resource "google_compute_firewall" "allow" {
  for_each = local.in_network == 1 ? local.allow : {}

  name                    = "cloudsync-terraform-${var.name}-${each.key}"
  description             = local.mark
  project                 = var.project
  network                 = var.network
  direction               = "INGRESS"
  priority                = var.priorities.allow
  source_ranges           = each.value
  target_tags             = var.target_tags
  target_service_accounts = var.target_service_accounts

  allow {
    protocol = "tcp"
    ports    = local.ports
  }

  depends_on = [terraform_data.checked]
}

resource "google_compute_firewall" "deny" {
  for_each = local.in_network == 1 ? local.deny : {}

  name                    = "cloudsync-terraform-${var.name}-${each.key}"
  description             = local.mark
  project                 = var.project
  network                 = var.network
  direction               = "INGRESS"
  priority                = var.priorities.deny
  source_ranges           = each.value
  target_tags             = var.target_tags
  target_service_accounts = var.target_service_accounts

  deny {
    protocol = "tcp"
    ports    = local.ports
  }

  # Closed last, and opened first: the mail's own rules stand before anything is stopped.
  depends_on = [google_compute_firewall.allow]
}

resource "google_compute_network_firewall_policy_rule" "allow" {
  for_each = local.in_policy == 1 ? local.allow : {}

  firewall_policy         = var.firewall_policy
  project                 = var.project
  rule_name               = "cloudsync-terraform-${var.name}-${each.key}"
  description             = local.mark
  direction               = "INGRESS"
  action                  = "allow"
  priority                = local.numbers[each.key]
  target_service_accounts = var.target_service_accounts

  match {
    src_ip_ranges = each.value

    layer4_configs {
      ip_protocol = "tcp"
      ports       = local.ports
    }
  }

  depends_on = [terraform_data.checked]
}

resource "google_compute_network_firewall_policy_rule" "deny" {
  for_each = local.in_policy == 1 ? local.deny : {}

  firewall_policy         = var.firewall_policy
  project                 = var.project
  rule_name               = "cloudsync-terraform-${var.name}-${each.key}"
  description             = local.mark
  direction               = "INGRESS"
  action                  = "deny"
  priority                = local.numbers[each.key]
  target_service_accounts = var.target_service_accounts

  match {
    src_ip_ranges = each.value

    layer4_configs {
      ip_protocol = "tcp"
      ports       = local.ports
    }
  }

  depends_on = [google_compute_network_firewall_policy_rule.allow]
}
