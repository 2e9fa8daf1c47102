# Needs Terraform 1.7 or OpenTofu 1.8: no subscription is called.

mock_provider "azurerm" {}

override_module {
  target = module.allow_list
  outputs = {
    ipv4    = ["192.0.2.1/32", "198.51.100.0/24"]
    ipv6    = ["2001:db8::/32"]
    version = "1.0.0"
    digest  = "sha256:0"
  }
}

variables {
  name                        = "mail"
  resource_group_name         = "mail"
  network_security_group_name = "smtp"
}

run "rules" {
  command = plan

  assert {
    condition     = azurerm_network_security_rule.allow["ipv4"].source_address_prefixes == toset(["192.0.2.1/32", "198.51.100.0/24"]) && azurerm_network_security_rule.allow["ipv4"].source_address_prefix == null
    error_message = "Several networks belong in the plural field."
  }

  assert {
    condition     = azurerm_network_security_rule.allow["ipv6"].source_address_prefix == "2001:db8::/32" && azurerm_network_security_rule.allow["ipv6"].source_address_prefixes == null
    error_message = "One network belongs in the singular field, as Azure gives it back."
  }

  assert {
    condition = alltrue([
      for one in concat(values(azurerm_network_security_rule.allow), azurerm_network_security_rule.probe) :
      one.direction == "Inbound" && one.access == "Allow" && one.protocol == "Tcp" && one.destination_port_range == "25" && one.description == "cloudsync-terraform/mail"
    ])
    error_message = "A rule isn't for port 25 alone, or lacks the mark."
  }

  assert {
    condition     = length(azurerm_network_security_rule.probe) == 1 && length(azurerm_network_security_rule.deny) == 0
    error_message = "Probes are let in, and nothing is closed, unless it is asked for."
  }
}

run "closed" {
  command = plan

  variables {
    deny       = "*"
    priorities = { deny = 500 }
  }

  assert {
    condition     = azurerm_network_security_rule.deny[0].access == "Deny" && azurerm_network_security_rule.deny[0].priority == 500 && azurerm_network_security_rule.deny[0].source_address_prefix == "*"
    error_message = "The deny isn't what was asked for."
  }

  assert {
    condition     = alltrue([for one in values(azurerm_network_security_rule.allow) : one.priority < 500])
    error_message = "An allow stands behind the deny."
  }
}

run "deny_ahead" {
  command = plan

  variables {
    priorities = { deny = 150 }
  }

  expect_failures = [var.priorities]
}

run "probes_stopped" {
  command = plan

  variables {
    deny  = "*"
    probe = false
  }

  expect_failures = [terraform_data.checked]
}

run "no_number_of_azure" {
  command = plan

  variables {
    priorities = { ipv4 = 99 }
  }

  expect_failures = [var.priorities]
}

run "unheard_of" {
  command = plan

  variables {
    deny = "VirtualNetwork"
  }

  expect_failures = [var.deny]
}
