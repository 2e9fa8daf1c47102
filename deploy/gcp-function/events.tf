# Changes that the audit log tells of, looked at within seconds: a sink of each project, or one of all
# that is below a folder or an organization, to one topic, whose push is a function. It is off where var.events is false; the scheduled pass stays the truth.

locals {
  above   = var.events && var.events_under != null ? split("/", var.events_under) : ["", ""]
  watched = var.events && var.events_under == null ? var.projects : toset([])
  # By where each listens, which is known before they are; who writes isn't.
  writers = merge(
    { for project, sink in google_logging_project_sink.change : project => sink.writer_identity },
    { for sink in google_logging_folder_sink.change : var.events_under => sink.writer_identity },
    { for sink in google_logging_organization_sink.change : var.events_under => sink.writer_identity },
  )
  # What may change who gets in: rules, what they are about, and policies ahead of them.
  filter = <<-EOT
    log_id("cloudaudit.googleapis.com/activity")
    protoPayload.serviceName="compute.googleapis.com"
    protoPayload.methodName=~"compute[.](firewalls[.](delete|insert|patch|update)|instances[.](setServiceAccount|setTags)|(firewall|networkFirewall|regionNetworkFirewall)Policies[.])"
  EOT
}

resource "google_pubsub_topic" "change" {
  count = var.events ? 1 : 0

  project = var.project
  name    = "${var.name}-change"

  depends_on = [google_project_service.needed]
}

resource "google_logging_project_sink" "change" {
  for_each = local.watched

  project                = each.value
  name                   = "${var.name}-change"
  description            = "What may change who gets in, to be looked at within seconds"
  destination            = "pubsub.googleapis.com/${google_pubsub_topic.change[0].id}"
  filter                 = local.filter
  unique_writer_identity = true
}

resource "google_logging_folder_sink" "change" {
  count = local.above[0] == "folders" ? 1 : 0

  folder           = local.above[1]
  name             = "${var.name}-change"
  description      = "What may change who gets in, to be looked at within seconds"
  destination      = "pubsub.googleapis.com/${google_pubsub_topic.change[0].id}"
  filter           = local.filter
  include_children = true
}

resource "google_logging_organization_sink" "change" {
  count = local.above[0] == "organizations" ? 1 : 0

  org_id           = local.above[1]
  name             = "${var.name}-change"
  description      = "What may change who gets in, to be looked at within seconds"
  destination      = "pubsub.googleapis.com/${google_pubsub_topic.change[0].id}"
  filter           = local.filter
  include_children = true
}

resource "google_pubsub_topic_iam_member" "sink" {
  for_each = local.writers

  project = var.project
  topic   = google_pubsub_topic.change[0].name
  role    = "roles/pubsub.publisher"
  member  = each.value
}

resource "google_cloudfunctions2_function" "change" {
  count = var.events ? 1 : 0

  project     = var.project
  location    = var.region
  name        = "${var.name}-change"
  description = "A look at what a change of a firewall concerns"

  build_config {
    runtime         = var.runtime
    entry_point     = "change"
    service_account = google_service_account.builder.id

    source {
      storage_source {
        bucket = google_storage_bucket.bundle.name
        object = google_storage_bucket_object.bundle.name
      }
    }
  }

  service_config {
    service_account_email            = google_service_account.function.email
    available_memory                 = var.memory
    timeout_seconds                  = var.timeout
    ingress_settings                 = "ALLOW_ALL"
    max_instance_count               = 1
    max_instance_request_concurrency = 1
    all_traffic_on_latest_revision   = true

    # Its own changes are ignored by who made them.
    environment_variables = merge(local.environment, { CLOUDSYNC_ACTORS = google_service_account.function.email })

    dynamic "secret_environment_variables" {
      for_each = var.secrets

      content {
        key        = secret_environment_variables.key
        project_id = var.project
        secret     = secret_environment_variables.value.secret
        version    = secret_environment_variables.value.version
      }
    }
  }

  depends_on = [
    google_project_iam_member.builder,
    google_secret_manager_secret_iam_member.function,
    google_storage_bucket_iam_member.state,
  ]
}

resource "google_cloud_run_service_iam_member" "change" {
  count = var.events ? 1 : 0

  project  = var.project
  location = var.region
  service  = google_cloudfunctions2_function.change[0].name
  role     = "roles/run.invoker"
  member   = google_service_account.caller.member
}

resource "google_pubsub_subscription" "change" {
  count = var.events ? 1 : 0

  project              = var.project
  name                 = "${var.name}-change"
  topic                = google_pubsub_topic.change[0].id
  ack_deadline_seconds = 600

  # What is older than an hour, a scheduled pass has seen.
  message_retention_duration = "3600s"

  # It would be deleted where nothing changes for a month.
  expiration_policy {
    ttl = ""
  }

  retry_policy {
    minimum_backoff = "10s"
    maximum_backoff = "600s"
  }

  push_config {
    push_endpoint = google_cloudfunctions2_function.change[0].url

    oidc_token {
      service_account_email = google_service_account.caller.email
      audience              = google_cloudfunctions2_function.change[0].url
    }
  }

  depends_on = [google_cloud_run_service_iam_member.change]
}
