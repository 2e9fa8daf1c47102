# Who the function is and what it may do: its own state, its own secrets, and what permissions/ says
# of the cloud. Nobody has a key.

locals {
  # What may be changed chooses the file, and the file says what: nothing of a cloud is named here.
  file = var.change == "nothing" ? "watch" : "write"
  read = yamldecode(file("${path.module}/permissions/${local.file}.yaml"))
  # Only a target of kind network-policy needs it, as the file says.
  kept_back = var.change == "firewalls" ? ["compute.firewallPolicies.update"] : []
}

resource "google_service_account" "function" {
  project      = var.project
  account_id   = var.name
  display_name = "Looks at who can reach port 25, and keeps it right where it may"

  depends_on = [google_project_service.needed]
}

# A project's custom role can't be given in another: each gets its own, from the one file.
resource "google_project_iam_custom_role" "cloud" {
  for_each = var.projects

  project     = each.value
  role_id     = replace("${var.name}_${local.file}", "-", "_")
  title       = local.read.title
  description = local.read.description
  stage       = local.read.stage
  permissions = setsubtract(local.read.includedPermissions, local.kept_back)
}

resource "google_project_iam_member" "cloud" {
  for_each = var.projects

  project = each.value
  role    = google_project_iam_custom_role.cloud[each.value].id
  member  = google_service_account.function.member
}

resource "google_storage_bucket_iam_member" "state" {
  bucket = google_storage_bucket.state.name
  role   = "roles/storage.objectUser"
  member = google_service_account.function.member
}

resource "google_secret_manager_secret_iam_member" "function" {
  for_each = toset([for one in var.secrets : one.secret])

  project   = var.project
  secret_id = each.value
  role      = "roles/secretmanager.secretAccessor"
  member    = google_service_account.function.member
}

# What builds the function has nothing to do with what runs it.
resource "google_service_account" "builder" {
  project      = var.project
  account_id   = "${var.name}-builder"
  display_name = "Builds cloudsync's functions"

  depends_on = [google_project_service.needed]
}

resource "google_project_iam_member" "builder" {
  project = var.project
  role    = "roles/cloudbuild.builds.builder"
  member  = google_service_account.builder.member
}

# Who may start it: the schedule and the push of Pub/Sub, and nobody else.
resource "google_service_account" "caller" {
  project      = var.project
  account_id   = "${var.name}-caller"
  display_name = "Starts cloudsync's passes"

  depends_on = [google_project_service.needed]
}

resource "google_cloud_run_service_iam_member" "sweep" {
  project  = var.project
  location = var.region
  service  = google_cloudfunctions2_function.sweep.name
  role     = "roles/run.invoker"
  member   = google_service_account.caller.member
}
