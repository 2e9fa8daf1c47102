# The function, its schedule, where its state is, and who hears when no pass succeeds any more. The
# bundle is made by: python -m deploy.bundle build gcp-function

locals {
  services = [
    "artifactregistry.googleapis.com",
    "cloudasset.googleapis.com",
    "cloudbuild.googleapis.com",
    "cloudfunctions.googleapis.com",
    "cloudscheduler.googleapis.com",
    "compute.googleapis.com",
    "iam.googleapis.com",
    "logging.googleapis.com",
    "monitoring.googleapis.com",
    "pubsub.googleapis.com",
    "run.googleapis.com",
    "secretmanager.googleapis.com",
  ]
  # The platform says no time to a function of HTTP: it is told here what the platform was told.
  environment = merge(var.environment, { CLOUDSYNC_TIMEOUT = tostring(var.timeout) })
}

resource "google_project_service" "needed" {
  for_each = toset(local.services)

  project            = var.project
  service            = each.value
  disable_on_destroy = false
}

# ------------------------------------------------------------------------------ the bundle

resource "google_storage_bucket" "bundle" {
  project                     = var.project
  name                        = "${var.project}-${var.name}-bundle"
  location                    = var.region
  uniform_bucket_level_access = true
  public_access_prevention    = "enforced"
  force_destroy               = true

  depends_on = [google_project_service.needed]
}

# Its name is its content's: a new bundle is a new object, and that is what the platform builds.
resource "google_storage_bucket_object" "bundle" {
  bucket = google_storage_bucket.bundle.name
  name   = "${var.name}-${filemd5(var.bundle)}.zip"
  source = var.bundle
}

# ------------------------------------------------------------------------------ the function

resource "google_cloudfunctions2_function" "sweep" {
  project     = var.project
  location    = var.region
  name        = var.name
  description = "One pass over every target: who can reach port 25"

  build_config {
    runtime         = var.runtime
    entry_point     = "sweep"
    service_account = google_service_account.builder.id

    source {
      storage_source {
        bucket = google_storage_bucket.bundle.name
        object = google_storage_bucket_object.bundle.name
      }
    }
  }

  service_config {
    service_account_email = google_service_account.function.email
    available_memory      = var.memory
    timeout_seconds       = var.timeout
    ingress_settings      = "ALLOW_ALL"

    # A second pass would find the lease taken, and end with nothing done.
    max_instance_count               = 1
    max_instance_request_concurrency = 1
    all_traffic_on_latest_revision   = true
    environment_variables            = local.environment

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

# ------------------------------------------------------------------------------ the schedule

resource "google_cloud_scheduler_job" "sweep" {
  project          = var.project
  region           = var.region
  name             = var.name
  description      = "Starts a pass every ${var.every_minutes} minutes"
  schedule         = var.every_minutes == 60 ? "0 * * * *" : "*/${var.every_minutes} * * * *"
  time_zone        = "Etc/UTC"
  attempt_deadline = "${var.timeout}s"

  # A pass that failed isn't tried again: the next one goes on.
  retry_config {
    retry_count = 0
  }

  http_target {
    http_method = "POST"
    uri         = google_cloudfunctions2_function.sweep.url

    oidc_token {
      service_account_email = google_service_account.caller.email
      audience              = google_cloudfunctions2_function.sweep.url
    }
  }

  depends_on = [google_cloud_run_service_iam_member.sweep]
}

# ------------------------------------------------------------------------------ the state

resource "google_storage_bucket" "state" {
  project                     = var.project
  name                        = "${var.project}-${var.name}-state"
  location                    = var.region
  uniform_bucket_level_access = true
  public_access_prevention    = "enforced"

  versioning {
    enabled = true
  }

  lifecycle_rule {
    condition {
      days_since_noncurrent_time = 30
    }

    action {
      type = "Delete"
    }
  }

  depends_on = [google_project_service.needed]
}

# ------------------------------------------------------------------------------ who hears of it

resource "google_monitoring_notification_channel" "mail" {
  for_each = var.tell

  project      = var.project
  display_name = "${var.name}: ${each.value}"
  type         = "email"
  labels       = { email_address = each.value }

  depends_on = [google_project_service.needed]
}

# No success for so many intervals, whatever the reason: no schedule, no function, or each pass
# fails. A condition on an absent metric would wait for a first success; this one doesn't.
resource "google_monitoring_alert_policy" "silent" {
  project               = var.project
  display_name          = "${var.name}: no pass succeeds"
  combiner              = "OR"
  severity              = "CRITICAL"
  notification_channels = [for channel in google_monitoring_notification_channel.mail : channel.id]

  conditions {
    display_name = "no pass succeeded for ${var.intervals} intervals"

    condition_prometheus_query_language {
      query = join(" ", [
        "(sum(increase(run_googleapis_com:request_count{monitored_resource=\"cloud_run_revision\",",
        "project_id=\"${var.project}\",location=\"${var.region}\",service_name=\"${var.name}\",",
        "response_code_class=\"2xx\"}[${var.intervals * var.every_minutes}m])) or vector(0)) < 1",
      ])
      duration            = "60s"
      evaluation_interval = "60s"

      # The metric is there once something was called, which is what this waits for in vain.
      disable_metric_validation = true
    }
  }

  documentation {
    mime_type = "text/markdown"
    content   = "No pass of cloudsync succeeded for ${var.intervals} intervals: nobody knows who can reach port 25. Its log is that of the Cloud Run service `${var.name}`."
  }

  depends_on = [google_project_service.needed]
}
