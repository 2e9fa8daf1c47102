# Needs Terraform 1.7 or OpenTofu 1.8: no project is called.

mock_provider "google" {}

variables {
  project  = "mail-prod"
  region   = "europe-west1"
  projects = ["mail-prod", "mail-test"]
  bundle   = "tests/main.tftest.hcl"
}

run "watch" {
  command = plan

  assert {
    condition = alltrue(flatten([
      for role in values(google_project_iam_custom_role.cloud) :
      [for one in role.permissions : can(regex("\\.(get\\w*|list|search\\w+)$", one))]
    ]))
    error_message = "An identity that only looks could change something."
  }

  assert {
    condition     = toset(keys(google_project_iam_custom_role.cloud)) == toset(["mail-prod", "mail-test"]) && length(google_project_iam_member.cloud) == 2
    error_message = "A project isn't looked at."
  }

  assert {
    condition     = google_project_iam_member.builder.role == "roles/cloudbuild.builds.builder" && google_storage_bucket_iam_member.state.role == "roles/storage.objectUser"
    error_message = "Somebody may do more than is needed."
  }

  assert {
    condition     = google_cloudfunctions2_function.sweep.service_config[0].max_instance_count == 1 && google_cloudfunctions2_function.sweep.service_config[0].environment_variables["CLOUDSYNC_TIMEOUT"] == "540"
    error_message = "Two passes at once, or one that doesn't know its time."
  }

  assert {
    condition     = google_storage_bucket.state.public_access_prevention == "enforced" && google_storage_bucket.bundle.public_access_prevention == "enforced"
    error_message = "A bucket could be made public."
  }

  assert {
    condition     = length(google_cloudfunctions2_function.change) + length(google_logging_project_sink.change) + length(google_pubsub_topic.change) == 0
    error_message = "Events are listened to that nobody asked for."
  }

  assert {
    condition     = can(regex("\\[30m\\]\\)\\) or vector\\(0\\)\\) < 1$", google_monitoring_alert_policy.silent.conditions[0].condition_prometheus_query_language[0].query))
    error_message = "Silence isn't counted over three intervals, or not where there are no figures at all."
  }
}

run "change_firewalls" {
  command = plan

  variables {
    change = "firewalls"
  }

  assert {
    condition = alltrue([
      for role in values(google_project_iam_custom_role.cloud) :
      contains(role.permissions, "compute.firewalls.update") && !contains(role.permissions, "compute.firewallPolicies.update")
    ])
    error_message = "It can't do its work, or could change policies that nobody gave it."
  }
}

run "change_policies" {
  command = plan

  variables {
    change = "network-policies"
  }

  assert {
    condition     = contains(google_project_iam_custom_role.cloud["mail-prod"].permissions, "compute.firewallPolicies.update")
    error_message = "It can't do its work."
  }
}

run "secrets_and_events" {
  command = plan

  variables {
    events  = true
    secrets = { SMTP_PASSWORD = { secret = "mail-password" } }
    tell    = ["mail@example.com"]
  }

  assert {
    condition = alltrue([
      for one in [google_cloudfunctions2_function.sweep, google_cloudfunctions2_function.change[0]] :
      one.service_config[0].secret_environment_variables[0].secret == "mail-password" && !contains(keys(one.service_config[0].environment_variables), "SMTP_PASSWORD")
    ])
    error_message = "A secret isn't read from its store, or stands in the settings."
  }

  assert {
    condition     = google_secret_manager_secret_iam_member.function["mail-password"].role == "roles/secretmanager.secretAccessor"
    error_message = "The function can't read its secret."
  }

  assert {
    condition     = toset(keys(google_logging_project_sink.change)) == toset(["mail-prod", "mail-test"]) && google_pubsub_subscription.change[0].expiration_policy[0].ttl == ""
    error_message = "A project's changes aren't heard of, or no longer after a quiet month."
  }
}

run "events_of_a_folder" {
  command = plan

  variables {
    projects     = []
    events       = true
    events_under = "folders/42"
  }

  assert {
    condition     = length(google_logging_project_sink.change) == 0 && length(google_logging_organization_sink.change) == 0 && google_logging_folder_sink.change[0].folder == "42" && google_logging_folder_sink.change[0].include_children
    error_message = "Changes below the folder aren't heard of, or those of others are."
  }

  assert {
    condition     = length(google_pubsub_topic_iam_member.sink) == 1 && length(google_project_iam_custom_role.cloud) == 0
    error_message = "The sink can't write, or a role is made that nobody asked for."
  }
}

run "events_of_an_organization" {
  command = plan

  variables {
    projects     = []
    events       = true
    events_under = "organizations/123"
  }

  assert {
    condition     = google_logging_organization_sink.change[0].org_id == "123" && google_logging_organization_sink.change[0].include_children && length(google_logging_folder_sink.change) == 0 && output.heard == tolist(["organizations/123"])
    error_message = "Changes below the organization aren't heard of."
  }
}

run "events_of_nothing" {
  command = plan

  variables {
    projects = []
    events   = true
  }

  expect_failures = [output.heard]
}

run "nonsense" {
  command = plan

  variables {
    change        = "everything"
    every_minutes = 7
    timeout       = 3600
    name          = "Cloudsync"
    intervals     = 0
    events_under  = "42"
  }

  expect_failures = [var.change, var.every_minutes, var.timeout, var.name, var.intervals, var.events_under]
}
