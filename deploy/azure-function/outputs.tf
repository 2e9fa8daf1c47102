output "state" {
  description = "What state: in cloudsync.yaml has to be."
  value       = "az://${azurerm_storage_container.state.name}/${var.name}"
}

output "principal_id" {
  description = "Who the app is: what deploy/onboarding/azure lets into a management group."
  value       = azurerm_user_assigned_identity.function.principal_id
}

output "app" {
  description = "The app's name."
  value       = azurerm_linux_function_app.here.name
}

output "heard" {
  description = "The subscriptions whose changes are looked at within seconds."
  value       = local.heard

  precondition {
    condition     = !var.events || length(local.heard) > 0
    error_message = "Events are asked for, and of no subscription: give subscriptions, or events_under."
  }
}
