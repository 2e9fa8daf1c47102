# One role and one assignment: cloudsync may look into every subscription of a management group, those
# that come later too, and keep their rules right where that is asked for.

locals {
  # What may be changed chooses the file, and the file says what: nothing of a cloud is named here.
  read  = jsondecode(file("${path.module}/permissions/${var.change == "nothing" ? "watch" : "write"}.json"))
  scope = "/providers/Microsoft.Management/managementGroups/${var.management_group}"
}

resource "azurerm_role_definition" "cloudsync" {
  # A directory knows one role of a name, and a role one management group.
  name              = "${local.read.Name} ${var.management_group}"
  description       = local.read.Description
  scope             = local.scope
  assignable_scopes = [local.scope]

  permissions {
    actions = local.read.Actions
  }
}

resource "azurerm_role_assignment" "cloudsync" {
  scope              = local.scope
  role_definition_id = azurerm_role_definition.cloudsync.role_definition_resource_id
  principal_id       = var.principal_id
  principal_type     = "ServicePrincipal"
}

output "role" {
  description = "The role that was given."
  value       = azurerm_role_definition.cloudsync.name
}
