output "state" {
  description = "What state: in cloudsync.yaml has to be."
  value       = "gs://${google_storage_bucket.state.name}/${var.name}"
}

output "member" {
  description = "Who the function is: what deploy/onboarding/gcp lets into a folder or an organization."
  value       = google_service_account.function.member
}

output "permissions" {
  description = "What it may do in each project that is looked at."
  value       = sort(setsubtract(local.read.includedPermissions, local.kept_back))
}

output "heard" {
  description = "The projects, or the folder or organization, whose changes are looked at within seconds."
  value       = sort(keys(local.writers))

  precondition {
    condition     = !var.events || length(local.writers) > 0
    error_message = "Events are asked for, and of no project: give projects, or events_under."
  }
}
