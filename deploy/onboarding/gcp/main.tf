# One role and one binding: cloudsync may look into every project of a folder or an organization, those
# that come later too, and keep their firewalls right where that is asked for.

locals {
  # What may be changed chooses the file, and the file says what: nothing of a cloud is named here.
  read      = yamldecode(file("${path.module}/permissions/${var.change == "nothing" ? "watch" : "write"}.yaml"))
  kept_back = var.change == "firewalls" ? ["compute.firewallPolicies.update"] : []
}

resource "google_organization_iam_custom_role" "cloudsync" {
  org_id      = var.organization
  role_id     = var.role
  title       = local.read.title
  description = local.read.description
  stage       = local.read.stage
  permissions = setsubtract(local.read.includedPermissions, local.kept_back)
}

resource "google_organization_iam_member" "cloudsync" {
  count = var.folder == null ? 1 : 0

  org_id = var.organization
  role   = google_organization_iam_custom_role.cloudsync.name
  member = var.member
}

resource "google_folder_iam_member" "cloudsync" {
  count = var.folder == null ? 0 : 1

  folder = "folders/${var.folder}"
  role   = google_organization_iam_custom_role.cloudsync.name
  member = var.member
}

output "role" {
  description = "The role that was given."
  value       = google_organization_iam_custom_role.cloudsync.name
}
