# Changes that Event Grid tells of, looked at within seconds; off where var.events is false. The
# scheduled pass stays the truth. Event Grid tells of one subscription each, and knows no management
# group: here its subscriptions are asked for, anew at each apply.

data "azurerm_management_group" "heard" {
  count = var.events && var.events_under != null ? 1 : 0

  name = var.events_under
}

locals {
  below = [for id in flatten(data.azurerm_management_group.heard[*].all_subscription_ids) : reverse(split("/", id))[0]]
  heard = var.events ? (var.events_under == null ? var.subscriptions : toset(local.below)) : toset([])
}

resource "azurerm_eventgrid_event_subscription" "change" {
  for_each = local.heard

  name                  = "${var.name}-${var.suffix}"
  scope                 = "/subscriptions/${each.value}"
  event_delivery_schema = "EventGridSchema"
  included_event_types  = ["Microsoft.Resources.ResourceWriteSuccess", "Microsoft.Resources.ResourceDeleteSuccess"]

  # What may change who gets in; Event Grid compares them in any case.
  advanced_filter {
    string_in {
      key = "data.operationName"
      values = [
        "Microsoft.Network/applicationSecurityGroups/delete",
        "Microsoft.Network/applicationSecurityGroups/write",
        "Microsoft.Network/networkInterfaces/delete",
        "Microsoft.Network/networkInterfaces/write",
        "Microsoft.Network/networkSecurityGroups/delete",
        "Microsoft.Network/networkSecurityGroups/write",
        "Microsoft.Network/networkSecurityGroups/securityRules/delete",
        "Microsoft.Network/networkSecurityGroups/securityRules/write",
        "Microsoft.Network/virtualNetworks/write",
        "Microsoft.Network/virtualNetworks/subnets/delete",
        "Microsoft.Network/virtualNetworks/subnets/write",
      ]
    }
  }

  azure_function_endpoint {
    function_id = "${azurerm_linux_function_app.here.id}/functions/change"
  }

  # What is older than an hour, a scheduled pass has seen.
  retry_policy {
    event_time_to_live    = 60
    max_delivery_attempts = 10
  }
}
