locals {
  group = var.create_security_group ? one(aws_security_group.this[*].id) : var.security_group_id

  families = {
    IPv4 = module.allow_list.ipv4
    IPv6 = module.allow_list.ipv6
  }
  lists = {
    for family, networks in local.families : family => networks
    if var.style == "list" && length(networks) > 0
  }
  room = {
    for family, networks in local.lists :
    family => max(length(networks), coalesce(var.list_room, 0))
  }

  # Keyed by what they let in, so that another order changes nothing.
  by_network = {
    for pair in setproduct(
      var.style == "rules" ? concat(local.families.IPv4, local.families.IPv6) : [], var.ports
    ) : "${pair[0]} ${pair[1]}" => { network = pair[0], port = pair[1] }
  }
  by_list = {
    for pair in setproduct(keys(local.lists), var.ports) :
    "${pair[0]} ${pair[1]}" => { family = pair[0], port = pair[1] }
  }
  by_reference = {
    for pair in setproduct(var.style == "reference" ? keys(var.prefix_list_ids) : [], var.ports) :
    "${pair[0]} ${pair[1]}" => { list = pair[0], port = pair[1] }
  }

  # A rule that names a list counts as many rules as the list has room for, in both families; and
  # each port counts again.
  needed = length(var.ports) * (
    var.style == "list"
    ? sum(concat([0], values(local.room)))
    : max(length(local.families.IPv4), length(local.families.IPv6))
  )
}

resource "terraform_data" "checked" {
  input = var.style

  lifecycle {
    precondition {
      condition     = var.create_security_group ? var.security_group_id == null && var.vpc_id != null : var.security_group_id != null
      error_message = "Name security_group_id, or say create_security_group = true and name vpc_id."
    }
    precondition {
      condition     = (var.style == "reference") == (length(var.prefix_list_ids) > 0)
      error_message = "prefix_list_ids belongs to style = reference, and that style needs at least one."
    }
    precondition {
      condition     = var.style == "reference" || local.needed + var.other_rules <= var.rules_quota
      error_message = "Would need ${local.needed} rules beside ${var.other_rules}, and the quota is ${var.rules_quota}. Raise quota L-0EA8095F and say so in rules_quota, refer to a list that is shared, or set widen = \"24\"."
    }
    precondition {
      # More than that in one go fails in every released provider (terraform-provider-aws #49955).
      condition     = alltrue([for networks in local.lists : length(networks) <= 100])
      error_message = "A list of more than 100 entries can't be written by the provider in one go. Use style = rules or reference."
    }
  }
}

resource "aws_security_group" "this" {
  count = var.create_security_group ? 1 : 0

  name_prefix = "cloudsync-${var.name}-"
  description = "Who may deliver mail: ${local.mark}"
  vpc_id      = var.vpc_id
  tags        = var.tags

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_vpc_security_group_ingress_rule" "network" {
  for_each = local.by_network

  security_group_id = local.group
  cidr_ipv4         = strcontains(each.value.network, ":") ? null : each.value.network
  cidr_ipv6         = strcontains(each.value.network, ":") ? each.value.network : null
  ip_protocol       = "tcp"
  from_port         = each.value.port
  to_port           = each.value.port
  description       = local.mark
  tags              = var.tags

  lifecycle {
    create_before_destroy = true
  }

  depends_on = [terraform_data.checked]
}

resource "aws_ec2_managed_prefix_list" "family" {
  for_each = local.lists

  name           = "cloudsync-${var.name}-${lower(each.key)}"
  address_family = each.key
  max_entries    = local.room[each.key]
  tags           = var.tags

  dynamic "entry" {
    for_each = toset(each.value)

    content {
      cidr        = entry.value
      description = local.mark
    }
  }

  depends_on = [terraform_data.checked]
}

resource "aws_vpc_security_group_ingress_rule" "list" {
  for_each = local.by_list

  security_group_id = local.group
  prefix_list_id    = aws_ec2_managed_prefix_list.family[each.value.family].id
  ip_protocol       = "tcp"
  from_port         = each.value.port
  to_port           = each.value.port
  description       = local.mark
  tags              = var.tags

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_vpc_security_group_ingress_rule" "reference" {
  for_each = local.by_reference

  security_group_id = local.group
  prefix_list_id    = var.prefix_list_ids[each.value.list]
  ip_protocol       = "tcp"
  from_port         = each.value.port
  to_port           = each.value.port
  description       = local.mark
  tags              = var.tags

  lifecycle {
    create_before_destroy = true
  }

  depends_on = [terraform_data.checked]
}

# Terraform orders nothing between two networks of one resource, nor between two styles: it would take
# every rule away and then make the others. It takes a rule away only after a change to what depends
# on it, and this changes with whatever can replace rules that are still wanted; with the list alone it
# doesn't, so that a plan shows the addresses and nothing else.
resource "terraform_data" "made" {
  input = jsonencode([var.style, var.widen, sort(var.shoreline), sort(var.additional_networks), var.prefix_list_ids])

  depends_on = [
    aws_vpc_security_group_ingress_rule.network,
    aws_vpc_security_group_ingress_rule.list,
    aws_vpc_security_group_ingress_rule.reference,
  ]
}
