# Needs Terraform 1.7 or OpenTofu 1.8: no tenant is called.

mock_provider "azurerm" {}

variables {
  subscription     = "00000000-0000-0000-0000-000000000001"
  management_group = "mail"
  principal_id     = "00000000-0000-0000-0000-00000000000a"
}

run "watch" {
  command = plan

  assert {
    condition     = alltrue([for one in azurerm_role_definition.cloudsync.permissions[0].actions : endswith(one, "/read")])
    error_message = "An identity that only looks could change something."
  }

  assert {
    condition     = azurerm_role_assignment.cloudsync.scope == "/providers/Microsoft.Management/managementGroups/mail" && azurerm_role_definition.cloudsync.assignable_scopes == tolist([azurerm_role_assignment.cloudsync.scope])
    error_message = "It is let into something else."
  }
}

run "rules" {
  command = plan

  variables {
    change = "rules"
  }

  assert {
    condition = alltrue([
      for one in azurerm_role_definition.cloudsync.permissions[0].actions :
      endswith(one, "/read") || endswith(one, "/joinNetworkSecurityRule/action") || startswith(one, "Microsoft.Network/networkSecurityGroups/securityRules/")
    ])
    error_message = "It could change more than rules."
  }
}

run "nonsense" {
  command = plan

  variables {
    management_group = "/providers/Microsoft.Management/managementGroups/mail"
    principal_id     = "cloudsync"
    change           = "everything"
  }

  expect_failures = [var.management_group, var.principal_id, var.change]
}
