# Who the app is and what it may do: its own state, its own secrets, and what permissions/ says of the
# cloud. Nobody has a key.

locals {
  # What may be changed chooses the file, and the file says what: nothing of a cloud is named here.
  file   = var.change == "nothing" ? "watch" : "write"
  read   = jsondecode(file("${path.module}/permissions/${local.file}.json"))
  scopes = [for id in sort(var.subscriptions) : "/subscriptions/${id}"]
}

resource "azurerm_user_assigned_identity" "function" {
  name                = var.name
  resource_group_name = azurerm_resource_group.here.name
  location            = azurerm_resource_group.here.location
}

resource "azurerm_role_definition" "cloud" {
  count = length(local.scopes) > 0 ? 1 : 0

  # A directory knows one role of a name.
  name              = "${local.read.Name} ${var.name}-${var.suffix}"
  description       = local.read.Description
  scope             = local.scopes[0]
  assignable_scopes = local.scopes

  permissions {
    actions = local.read.Actions
  }
}

resource "azurerm_role_assignment" "cloud" {
  for_each = toset(local.scopes)

  scope              = each.value
  role_definition_id = azurerm_role_definition.cloud[0].role_definition_resource_id
  principal_id       = azurerm_user_assigned_identity.function.principal_id
  principal_type     = "ServicePrincipal"
}

# The platform keeps its own leases beside the state, for which it asks to be the owner of the blobs.
resource "azurerm_role_assignment" "state" {
  scope                = azurerm_storage_account.state.id
  role_definition_name = "Storage Blob Data Owner"
  principal_id         = azurerm_user_assigned_identity.function.principal_id
  principal_type       = "ServicePrincipal"
}

resource "azurerm_role_assignment" "telemetry" {
  scope                = azurerm_application_insights.here.id
  role_definition_name = "Monitoring Metrics Publisher"
  principal_id         = azurerm_user_assigned_identity.function.principal_id
  principal_type       = "ServicePrincipal"
}

# Each secret by itself: whoever reads one needn't read its vault.
resource "azurerm_role_assignment" "secrets" {
  for_each = var.secrets

  scope                = "${each.value.vault_id}/secrets/${each.value.secret}"
  role_definition_name = "Key Vault Secrets User"
  principal_id         = azurerm_user_assigned_identity.function.principal_id
  principal_type       = "ServicePrincipal"
}

# Whoever runs Terraform puts the bundle there, and has no key for it either.
resource "azurerm_role_assignment" "deployer" {
  scope                = azurerm_storage_container.bundle.id
  role_definition_name = "Storage Blob Data Contributor"
  principal_id         = data.azurerm_client_config.here.object_id
}
