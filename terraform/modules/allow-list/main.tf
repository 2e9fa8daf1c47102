locals {
  # Data alone: nothing that stands in this file is ever read as an expression.
  list = jsondecode(file("${path.module}/list.json"))

  # A network may stand in several groups.
  names = { for one in local.list.entries : one.network => one.name... if one.name != null }

  chosen = toset(concat(["base"], tolist(var.shoreline)))
  # Sets, and no call of distinct, which compares each with each: 5,000 networks would take minutes.
  listed = toset([for one in local.list.entries : one.network if contains(local.chosen, one.group)])

  widened = toset([
    for one in local.listed :
    var.widen == "24" && !strcontains(one, ":") && tonumber(split("/", one)[1]) > 24
    ? cidrsubnet("${split("/", one)[0]}/24", 0, 0)
    : one
  ])

  all = setunion(local.widened, var.additional_networks)

  # A network that another one contains needs no rule. Siblings are never merged, so that a rule
  # names what the vendor listed.
  parts = {
    for one in local.all : one => {
      address = split("/", one)[0]
      length  = tonumber(split("/", one)[1])
      family  = strcontains(one, ":") ? "ipv6" : "ipv4"
    }
  }
  lengths = {
    for family in ["ipv4", "ipv6"] :
    family => toset([for one in local.parts : one.length if one.family == family])
  }
  outermost = {
    for family in ["ipv4", "ipv6"] : family => sort([
      for network, one in local.parts : network
      if one.family == family && !anytrue([
        for length in local.lengths[family] :
        length < one.length && can(local.parts[cidrsubnet("${one.address}/${length}", 0, 0)])
      ])
    ])
  }

  ipv4 = local.outermost.ipv4
  ipv6 = local.outermost.ipv6

  # Opt-in groups that this version of the list doesn't hold: choosing them does nothing.
  absent = sort(setsubtract(var.shoreline, [for one in local.list.entries : one.group]))
}

check "verified" {
  assert {
    condition = (
      var.warn_after == null
      ? true
      : try(timecmp(timeadd(local.list.verified_at, var.warn_after), plantimestamp()) >= 0, false)
    )
    error_message = "The list was verified at ${coalesce(local.list.verified_at, "no known time")}, longer ago than ${coalesce(var.warn_after, "never")}. Take the newest version of this module."
  }
}

check "shoreline" {
  assert {
    condition     = length(local.absent) == 0
    error_message = "The list holds no group ${join(", ", local.absent)}: choosing it does nothing."
  }
}
