# The app, its schedule, and where its state is. The bundle is made by:
# python -m deploy.bundle build azure-function

data "azurerm_client_config" "here" {}

locals {
  schedule = var.every_minutes == 60 ? "0 0 * * * *" : "0 */${var.every_minutes} * * * *"
  secrets = {
    for name, one in var.secrets :
    name => "@Microsoft.KeyVault(VaultName=${reverse(split("/", one.vault_id))[0]};SecretName=${one.secret})"
  }
  settings = {
    # Who it is: to the cloud, to its state, and to the platform's own storage.
    AZURE_CLIENT_ID                 = azurerm_user_assigned_identity.function.client_id
    AZURE_STORAGE_ACCOUNT_NAME      = azurerm_storage_account.state.name
    AzureWebJobsStorage__credential = "managedidentity"
    AzureWebJobsStorage__clientId   = azurerm_user_assigned_identity.function.client_id

    # The package's name is its content's: a new bundle is a new setting, and that starts the app anew.
    WEBSITE_RUN_FROM_PACKAGE                     = azurerm_storage_blob.bundle.url
    WEBSITE_RUN_FROM_PACKAGE_BLOB_MI_RESOURCE_ID = azurerm_user_assigned_identity.function.id

    APPLICATIONINSIGHTS_AUTHENTICATION_STRING = "ClientId=${azurerm_user_assigned_identity.function.client_id};Authorization=AAD"

    # What the platform ends a pass by, and what the pass is told of it.
    AzureFunctionsJobHost__functionTimeout = format("00:%02d:00", var.timeout_minutes)
    CLOUDSYNC_TIMEOUT                      = tostring(var.timeout_minutes * 60)
    CLOUDSYNC_SCHEDULE                     = local.schedule

    # Its own changes are ignored by who made them.
    CLOUDSYNC_ACTORS = azurerm_user_assigned_identity.function.client_id
  }
}

resource "azurerm_resource_group" "here" {
  name     = var.name
  location = var.location
}

# ------------------------------------------------------------------------------ the state and the bundle

resource "azurerm_storage_account" "state" {
  name                            = "${var.name}${var.suffix}"
  resource_group_name             = azurerm_resource_group.here.name
  location                        = azurerm_resource_group.here.location
  account_tier                    = "Standard"
  account_replication_type        = "LRS"
  min_tls_version                 = "TLS1_2"
  shared_access_key_enabled       = false
  default_to_oauth_authentication = true
  allow_nested_items_to_be_public = false
  local_user_enabled              = false

  blob_properties {
    versioning_enabled = true

    delete_retention_policy {
      days = 30
    }
  }
}

resource "azurerm_storage_management_policy" "state" {
  storage_account_id = azurerm_storage_account.state.id

  rule {
    name    = "forget-old-versions"
    enabled = true

    filters {
      blob_types = ["blockBlob"]
    }

    actions {
      version {
        delete_after_days_since_creation = 30
      }
    }
  }
}

resource "azurerm_storage_container" "state" {
  name               = "state"
  storage_account_id = azurerm_storage_account.state.id
}

resource "azurerm_storage_container" "bundle" {
  name               = "bundle"
  storage_account_id = azurerm_storage_account.state.id
}

resource "azurerm_storage_blob" "bundle" {
  name                   = "${var.name}-${filemd5(var.bundle)}.zip"
  storage_account_name   = azurerm_storage_account.state.name
  storage_container_name = azurerm_storage_container.bundle.name
  type                   = "Block"
  source                 = var.bundle

  depends_on = [azurerm_role_assignment.deployer]
}

# ------------------------------------------------------------------------------ the app

resource "azurerm_service_plan" "here" {
  name                = var.name
  resource_group_name = azurerm_resource_group.here.name
  location            = azurerm_resource_group.here.location
  os_type             = "Linux"
  sku_name            = var.plan
}

resource "azurerm_linux_function_app" "here" {
  name                = "${var.name}-${var.suffix}"
  resource_group_name = azurerm_resource_group.here.name
  location            = azurerm_resource_group.here.location
  service_plan_id     = azurerm_service_plan.here.id
  https_only          = true

  storage_account_name            = azurerm_storage_account.state.name
  storage_uses_managed_identity   = true
  key_vault_reference_identity_id = azurerm_user_assigned_identity.function.id

  # Nobody puts code into it but by the bundle above.
  ftp_publish_basic_authentication_enabled       = false
  webdeploy_publish_basic_authentication_enabled = false

  identity {
    type         = "UserAssigned"
    identity_ids = [azurerm_user_assigned_identity.function.id]
  }

  site_config {
    always_on                              = true
    ftps_state                             = "Disabled"
    minimum_tls_version                    = "1.2"
    application_insights_connection_string = azurerm_application_insights.here.connection_string

    application_stack {
      python_version = var.python
    }
  }

  app_settings = merge(var.environment, local.secrets, local.settings)

  depends_on = [azurerm_role_assignment.state, azurerm_role_assignment.telemetry, azurerm_role_assignment.secrets]
}
