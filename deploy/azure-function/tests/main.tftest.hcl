# Needs Terraform 1.7 or OpenTofu 1.8: no subscription is called.

mock_provider "azurerm" {
  mock_data "azurerm_client_config" {
    defaults = { object_id = "00000000-0000-0000-0000-00000000000d" }
  }
}

variables {
  subscription  = "00000000-0000-0000-0000-000000000001"
  location      = "westeurope"
  suffix        = "example"
  subscriptions = ["00000000-0000-0000-0000-000000000001", "00000000-0000-0000-0000-000000000002"]
  bundle        = "tests/main.tftest.hcl"
}

run "watch" {
  command = plan

  assert {
    condition     = alltrue([for one in azurerm_role_definition.cloud[0].permissions[0].actions : endswith(one, "/read")])
    error_message = "An identity that only looks could change something."
  }

  assert {
    condition     = toset(keys(azurerm_role_assignment.cloud)) == toset(["/subscriptions/00000000-0000-0000-0000-000000000001", "/subscriptions/00000000-0000-0000-0000-000000000002"])
    error_message = "A subscription isn't looked at, or another one is."
  }

  assert {
    condition     = azurerm_role_definition.cloud[0].permissions[0].data_actions == null && toset(azurerm_role_definition.cloud[0].assignable_scopes) == toset(keys(azurerm_role_assignment.cloud))
    error_message = "The role is for more than it says."
  }

  assert {
    condition     = !azurerm_storage_account.state.shared_access_key_enabled && !azurerm_storage_account.state.allow_nested_items_to_be_public && azurerm_linux_function_app.here.storage_uses_managed_identity
    error_message = "Somebody needs a key, or needs none."
  }

  assert {
    condition     = !azurerm_linux_function_app.here.ftp_publish_basic_authentication_enabled && !azurerm_linux_function_app.here.webdeploy_publish_basic_authentication_enabled
    error_message = "Code can be put into the app with a password."
  }

  assert {
    condition     = azurerm_monitor_scheduled_query_rules_alert_v2.silent.window_duration == "PT30M" && azurerm_monitor_scheduled_query_rules_alert_v2.silent.criteria[0].operator == "LessThan"
    error_message = "Silence isn't counted over three intervals."
  }

  assert {
    condition     = length(azurerm_eventgrid_event_subscription.change) == 0
    error_message = "Events are listened to that nobody asked for."
  }
}

run "change_rules" {
  command = plan

  variables {
    change        = "rules"
    every_minutes = 60
    intervals     = 4
  }

  assert {
    condition = alltrue([
      for one in azurerm_role_definition.cloud[0].permissions[0].actions :
      endswith(one, "/read") || endswith(one, "/joinNetworkSecurityRule/action") || startswith(one, "Microsoft.Network/networkSecurityGroups/securityRules/")
    ])
    error_message = "It could change more than rules."
  }

  assert {
    condition     = contains(azurerm_role_definition.cloud[0].permissions[0].actions, "Microsoft.Network/networkSecurityGroups/securityRules/write") && azurerm_monitor_scheduled_query_rules_alert_v2.silent.window_duration == "PT4H"
    error_message = "It can't do its work, or silence is noticed too late."
  }
}

run "made" {
  variables {
    events  = true
    tell    = ["mail@example.com"]
    secrets = { SMTP_PASSWORD = { vault_id = "/subscriptions/s/resourceGroups/g/providers/Microsoft.KeyVault/vaults/mail", secret = "smtp" } }
  }

  assert {
    condition     = azurerm_linux_function_app.here.app_settings["SMTP_PASSWORD"] == "@Microsoft.KeyVault(VaultName=mail;SecretName=smtp)" && azurerm_role_assignment.secrets["SMTP_PASSWORD"].scope == "/subscriptions/s/resourceGroups/g/providers/Microsoft.KeyVault/vaults/mail/secrets/smtp"
    error_message = "A secret isn't read from its vault, or the app may read others."
  }

  assert {
    condition     = azurerm_linux_function_app.here.app_settings["CLOUDSYNC_SCHEDULE"] == "0 */10 * * * *" && azurerm_linux_function_app.here.app_settings["CLOUDSYNC_TIMEOUT"] == "600" && azurerm_linux_function_app.here.app_settings["AzureFunctionsJobHost__functionTimeout"] == "00:10:00"
    error_message = "The platform and the pass don't know the same time."
  }

  assert {
    condition     = toset(keys(azurerm_eventgrid_event_subscription.change)) == var.subscriptions && output.heard == var.subscriptions
    error_message = "A subscription's changes aren't heard of."
  }
}

run "events_of_a_management_group" {
  command = plan

  override_data {
    target = data.azurerm_management_group.heard[0]
    values = { all_subscription_ids = ["00000000-0000-0000-0000-000000000003", "/subscriptions/00000000-0000-0000-0000-000000000004"] }
  }

  variables {
    subscriptions = []
    events        = true
    events_under  = "mail"
  }

  assert {
    condition = toset([for one in azurerm_eventgrid_event_subscription.change : one.scope]) == toset([
      "/subscriptions/00000000-0000-0000-0000-000000000003", "/subscriptions/00000000-0000-0000-0000-000000000004",
    ])
    error_message = "A subscription below the group isn't heard of, or another one is."
  }
}

run "events_of_nothing" {
  command = plan

  variables {
    subscriptions = []
    events        = true
  }

  expect_failures = [output.heard]
}

run "nonsense" {
  command = plan

  variables {
    change          = "everything"
    every_minutes   = 7
    timeout_minutes = 60
    name            = "Cloud-sync"
    suffix          = ""
    intervals       = 0
    plan            = "FC1"
    events_under    = "/providers/Microsoft.Management/managementGroups/mail"
  }

  expect_failures = [var.change, var.every_minutes, var.timeout_minutes, var.name, var.suffix, var.intervals, var.plan, var.events_under]
}
