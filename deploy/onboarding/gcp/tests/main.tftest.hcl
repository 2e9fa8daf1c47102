# Needs Terraform 1.7 or OpenTofu 1.8: no organization is called.

mock_provider "google" {}

variables {
  organization = "123456789012"
  member       = "serviceAccount:cloudsync@mail-prod.iam.gserviceaccount.com"
}

run "watch" {
  command = plan

  assert {
    condition     = alltrue([for one in google_organization_iam_custom_role.cloudsync.permissions : can(regex("\\.(get\\w*|list|search\\w+)$", one))])
    error_message = "An identity that only looks could change something."
  }

  assert {
    condition     = length(google_organization_iam_member.cloudsync) == 1 && length(google_folder_iam_member.cloudsync) == 0
    error_message = "It isn't let into the organization."
  }
}

run "a_folder_that_is_written" {
  command = plan

  variables {
    folder = "42"
    change = "firewalls"
  }

  assert {
    condition     = length(google_organization_iam_member.cloudsync) == 0 && google_folder_iam_member.cloudsync[0].folder == "folders/42"
    error_message = "It is let in beyond the folder."
  }

  assert {
    condition     = contains(google_organization_iam_custom_role.cloudsync.permissions, "compute.firewalls.update") && !contains(google_organization_iam_custom_role.cloudsync.permissions, "compute.firewallPolicies.update")
    error_message = "It can't do its work, or could change policies that nobody gave it."
  }
}

run "everybody" {
  command = plan

  variables {
    member       = "allUsers"
    organization = "organizations/1"
    folder       = "folders/1"
    role         = "a role"
    change       = "everything"
  }

  expect_failures = [var.member, var.organization, var.folder, var.role, var.change]
}

run "a_whole_pool" {
  command = plan

  variables {
    member = "principal://iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/p/*"
  }

  expect_failures = [var.member]
}
