locals {
  families = {
    for family, networks in { ipv4 = module.allow_list.ipv4, ipv6 = module.allow_list.ipv6 } :
    family => networks if length(networks) > 0
  }
  ports = sort([for one in var.ports : tostring(one)])
}

resource "terraform_data" "checked" {
  input = local.mark

  lifecycle {
    precondition {
      condition     = sum([for networks in local.families : length(networks)]) <= 4000
      error_message = "A network security group takes 4,000 source networks in all. Set widen = \"24\" or choose fewer groups."
    }
    precondition {
      condition     = !(var.deny == "*" && !var.probe)
      error_message = "deny = \"*\" without probe = true would stop the platform's health probes, and a balancer would drop every backend."
    }
  }
}

resource "azurerm_network_security_rule" "allow" {
  for_each = local.families

  name                        = "cloudsync-terraform-${var.name}-${each.key}"
  description                 = local.mark
  resource_group_name         = var.resource_group_name
  network_security_group_name = var.network_security_group_name
  direction                   = "Inbound"
  access                      = "Allow"
  priority                    = var.priorities[each.key]
  protocol                    = "Tcp"
  source_port_range           = "*"
  # Azure gives a list of one back as the singular field (terraform-provider-azurerm #23674).
  source_address_prefix      = length(each.value) == 1 ? each.value[0] : null
  source_address_prefixes    = length(each.value) == 1 ? null : each.value
  destination_port_range     = length(local.ports) == 1 ? local.ports[0] : null
  destination_port_ranges    = length(local.ports) == 1 ? null : local.ports
  destination_address_prefix = var.destination_address_prefix

  depends_on = [terraform_data.checked]
}

resource "azurerm_network_security_rule" "probe" {
  count = var.probe ? 1 : 0

  name                        = "cloudsync-terraform-${var.name}-probe"
  description                 = local.mark
  resource_group_name         = var.resource_group_name
  network_security_group_name = var.network_security_group_name
  direction                   = "Inbound"
  access                      = "Allow"
  priority                    = var.priorities.probe
  protocol                    = "Tcp"
  source_port_range           = "*"
  source_address_prefix       = "AzureLoadBalancer"
  destination_port_range      = length(local.ports) == 1 ? local.ports[0] : null
  destination_port_ranges     = length(local.ports) == 1 ? null : local.ports
  destination_address_prefix  = var.destination_address_prefix

  depends_on = [terraform_data.checked]
}

resource "azurerm_network_security_rule" "deny" {
  count = var.deny == "none" ? 0 : 1

  name                        = "cloudsync-terraform-${var.name}-deny"
  description                 = local.mark
  resource_group_name         = var.resource_group_name
  network_security_group_name = var.network_security_group_name
  direction                   = "Inbound"
  access                      = "Deny"
  priority                    = var.priorities.deny
  protocol                    = "Tcp"
  source_port_range           = "*"
  source_address_prefix       = var.deny
  destination_port_range      = length(local.ports) == 1 ? local.ports[0] : null
  destination_port_ranges     = length(local.ports) == 1 ? null : local.ports
  destination_address_prefix  = var.destination_address_prefix

  # Closed last, and opened first: the mail's own rules stand before anything is stopped.
  depends_on = [azurerm_network_security_rule.allow, azurerm_network_security_rule.probe]
}
