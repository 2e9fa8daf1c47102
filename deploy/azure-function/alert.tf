# Who hears when no pass succeeds any more.

locals {
  # The windows that a rule of Azure's can look back over, in minutes, and how it writes them.
  windows = {
    5   = "PT5M", 10 = "PT10M", 15 = "PT15M", 30 = "PT30M", 45 = "PT45M", 60 = "PT1H",
    120 = "PT2H", 180 = "PT3H", 240 = "PT4H", 300 = "PT5H", 360 = "PT6H",
  }
  fitting = [for minutes in keys(local.windows) : tonumber(minutes) if tonumber(minutes) >= var.every_minutes * var.intervals]
  window  = local.windows[tostring(min(local.fitting...))]
}

resource "azurerm_log_analytics_workspace" "here" {
  name                = "${var.name}-${var.suffix}"
  resource_group_name = azurerm_resource_group.here.name
  location            = azurerm_resource_group.here.location
  sku                 = "PerGB2018"
  retention_in_days   = 90
}

resource "azurerm_application_insights" "here" {
  name                          = var.name
  resource_group_name           = azurerm_resource_group.here.name
  location                      = azurerm_resource_group.here.location
  workspace_id                  = azurerm_log_analytics_workspace.here.id
  application_type              = "other"
  local_authentication_disabled = true
}

resource "azurerm_monitor_action_group" "tell" {
  name                = var.name
  resource_group_name = azurerm_resource_group.here.name
  short_name          = substr(var.name, 0, 12)

  dynamic "email_receiver" {
    for_each = var.tell

    content {
      name                    = email_receiver.value
      email_address           = email_receiver.value
      use_common_alert_schema = true
    }
  }
}

# No success for so many intervals, whatever the reason: no timer, no app, or each pass fails. No
# rows at all are a count of 0.
resource "azurerm_monitor_scheduled_query_rules_alert_v2" "silent" {
  name                    = "${var.name}-silent"
  description             = "No pass of cloudsync succeeded for ${var.intervals} intervals: nobody knows who can reach port 25"
  resource_group_name     = azurerm_resource_group.here.name
  location                = azurerm_resource_group.here.location
  scopes                  = [azurerm_application_insights.here.id]
  severity                = 1
  evaluation_frequency    = "PT5M"
  window_duration         = local.window
  auto_mitigation_enabled = true

  criteria {
    query                   = "requests | where name == 'sweep' and success == true"
    time_aggregation_method = "Count"
    operator                = "LessThan"
    threshold               = 1
  }

  action {
    action_groups = [azurerm_monitor_action_group.tell.id]
  }
}
