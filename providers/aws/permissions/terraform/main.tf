# The role that cloudsync takes in one account. It may do what the policies beside this folder say.

data "aws_partition" "here" {}

locals {
  chosen = merge(
    { watch = "watch.json" },
    var.change == "security-groups" ? { write = "write.json" } : {},
    var.change == "prefix-lists" ? { prefix-list = "prefix-list.json" } : {},
    var.trail ? { trail = "trail.json" } : {},
  )

  # The files name the usual tag and partition. Encoding a policy anew gives it one spelling, in
  # which both are found whatever the file's own white space is.
  policies = {
    for name, file in local.chosen : name => replace(
      replace(
        jsonencode(jsondecode(file("${path.module}/../${file}"))),
        "\"aws:ResourceTag/cloudsync\":\"smtp\"",
        "${jsonencode("aws:ResourceTag/${var.tag.key}")}:${jsonencode(var.tag.value)}",
      ),
      "\"arn:aws:",
      "\"arn:${data.aws_partition.here.partition}:",
    )
  }
}

data "aws_iam_policy_document" "trust" {
  statement {
    sid     = "LetCloudsyncIn"
    actions = ["sts:AssumeRole"]

    principals {
      type        = "AWS"
      identifiers = [var.trusted]
    }

    condition {
      test     = "StringEquals"
      variable = "sts:ExternalId"
      values   = [var.external_id]
    }
  }
}

resource "aws_iam_role" "cloudsync" {
  name               = var.name
  description        = "Looks at who can reach port 25, and keeps it right where it may"
  assume_role_policy = data.aws_iam_policy_document.trust.json
}

resource "aws_iam_role_policy" "cloudsync" {
  for_each = local.policies

  name   = "cloudsync-${each.key}"
  role   = aws_iam_role.cloudsync.id
  policy = each.value
}
