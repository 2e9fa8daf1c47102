"""The root module that takes rules over: its text, whole, and what is said where it can't follow."""

from __future__ import annotations

from ipaddress import IPv4Network, IPv6Network
from typing import Any

import pytest

from cloudsync.model import Purpose
from cloudsync.tells import Resource
from cloudsync.terraform.archive import source
from cloudsync.terraform.hcl import Keyed, block, written
from cloudsync.terraform.root import Taken, root

ONE, TWO = IPv4Network("192.0.2.1/32"), IPv4Network("192.0.2.2/32")
SIX = IPv6Network("2001:db8::/32")
AWS = "aws_vpc_security_group_ingress_rule"
HEAD = """\
# Takes over the rules that cloudsync keeps: terraform plan has them imported, and nothing changed.
# Once it is applied, the target says managed_by: terraform in cloudsync's configuration.
# The import blocks have then done their work, and may go.
"""


def aws(source: str, number: int, purpose: Purpose = Purpose.LIST, **more: Any) -> Resource:
    """One rule of a security group."""
    kind = "cidr_ipv6" if ":" in source else "cidr_ipv4"
    said: dict[str, Any] = {
        "security_group_id": "sg-1",
        "description": f"cloudsync/mail {purpose}",
        "tags": {},
    }
    provider = {"region": more.pop("region", "eu-west-1")}
    return Resource(
        AWS, f"sgr-{number}", purpose, 25, (source,), kind, None, {**said, **more}, provider
    )


def test_the_list_comes_from_the_module_and_the_rest_stands_as_it_is() -> None:
    """A rule a network is keyed by network; an address of a relay is a resource of its own."""
    rules = (
        aws(str(ONE), 1),
        aws(str(SIX), 2),
        aws("10.0.0.0/8", 3, Purpose.ALSO, tags={"team": "mail"}),
        aws("10.1.0.0/16", 4, Purpose.ALSO),
    )
    taken = Taken("aws:1/eu-west-1/sg-1", rules, (ONE, SIX), "24", ("EXG3",))
    made = root([taken], "2009-09-18")
    name = "aws_1_eu_west_1_sg_1"
    assert made.text == HEAD + (
        f"""
module "list_1" {{
  source         = "./modules/allow-list"
  widen          = "24"
  shoreline      = ["EXG3"]
  accept_bundled = "2009-09-18"
}}

# aws:1/eu-west-1/sg-1

resource "{AWS}" "{name}_list_25" {{
  for_each          = toset(concat(module.list_1.ipv4, module.list_1.ipv6))
  security_group_id = "sg-1"
  description       = "cloudsync/mail list"
  cidr_ipv4         = strcontains(each.key, ":") ? null : each.key
  cidr_ipv6         = strcontains(each.key, ":") ? each.key : null

  lifecycle {{
    create_before_destroy = true
  }}
}}

import {{
  to = {AWS}.{name}_list_25["192.0.2.1/32"]
  id = "sgr-1"
}}

import {{
  to = {AWS}.{name}_list_25["2001:db8::/32"]
  id = "sgr-2"
}}

resource "{AWS}" "{name}_also_25" {{
  security_group_id = "sg-1"
  description       = "cloudsync/mail also"
  tags              = {{ "team" = "mail" }}
  cidr_ipv4         = "10.0.0.0/8"
}}

import {{
  to = {AWS}.{name}_also_25
  id = "sgr-3"
}}

resource "{AWS}" "{name}_also_25_2" {{
  security_group_id = "sg-1"
  description       = "cloudsync/mail also"
  cidr_ipv4         = "10.1.0.0/16"
}}

import {{
  to = {AWS}.{name}_also_25_2
  id = "sgr-4"
}}
"""
    )
    assert made.providers == (
        "# Which credentials are used is yours to say; this file is written once.\n\n"
        'provider "aws" {\n  region = "eu-west-1"\n}\n'
    )
    assert (made.rules, made.remarks) == (4, ())


def test_several_regions_have_a_provider_each() -> None:
    """Each resource names the configuration of its own region."""
    taken = [
        Taken(f"aws:1/{region}/sg-1", (aws(str(ONE), 1, region=region),), (ONE,), "none", ())
        for region in ("eu-west-1", "us-east-1")
    ]
    made = root(taken, None)
    assert made.text.count("  provider          = aws.in_eu_west_1\n") == 1
    assert made.text.count("  provider          = aws.in_us_east_1\n") == 1
    assert made.text.count('module "list_') == 1
    assert '  alias  = "in_us_east_1"\n  region = "us-east-1"\n' in made.providers


def test_several_accounts_have_a_provider_each_in_one_region() -> None:
    """Credentials of one account would find nothing in the other, and are refused there."""
    taken = [
        Taken(f"aws:{account}/eu-west-1/sg-1", (aws(str(ONE), 1),), (ONE,), "none", ())
        for account in ("111111111111", "222222222222")
    ]
    made = root(taken, None)
    for account in ("111111111111", "222222222222"):
        assert made.text.count(f"= aws.in_eu_west_1_{account}\n") == 1
        assert f'allowed_account_ids = ["{account}"]\n' in made.providers
    assert "allowed_account_ids" not in root(taken[:1], None).providers


def test_a_group_that_lacks_an_address_is_taken_over_as_it_stands() -> None:
    """A rule that the root would make could be there already, as somebody else's: it makes none."""
    taken = Taken("aws:1/eu-west-1/sg-1", (aws(str(ONE), 1),), (ONE, TWO), "none", ())
    made = root([taken], None)
    assert "for_each" not in made.text
    assert '  cidr_ipv4         = "192.0.2.1/32"\n' in made.text
    assert made.remarks == (
        (
            "aws:1/eu-west-1/sg-1: 1 rule for port 25 held of the list, which has 2 networks there, so they "
            "stand as they are and don't follow the module. Run cloudsync apply before, and write the "
            "root again."
        ),
    )


def azure(*sources: str, purpose: Purpose = Purpose.LIST, groups: bool = False) -> Resource:
    """One rule of a network security group."""
    fields = ("source_address_prefix", "source_address_prefixes")
    singular, plural = (None, "source_application_security_group_ids") if groups else fields
    said = {"name": f"cloudsync-mail-{purpose}", "priority": 100}
    provider: dict[str, Any] = {"subscription_id": "s", "features": {}}
    return Resource(
        "azurerm_network_security_rule",
        "id",
        purpose,
        25,
        sources,
        singular,
        plural,
        said,
        provider,
    )


def test_one_rule_a_family_follows_the_module_in_the_field_that_azure_would_give_back() -> None:
    """The plural for several and the singular for one, whichever the next version comes to."""
    rules = (azure(str(ONE), str(TWO)), azure("AzureLoadBalancer", purpose=Purpose.PROBE))
    made = root([Taken("azure:s/mail/mx", rules, (ONE, TWO), "none", ())], None)
    assert made.remarks == ()
    assert made.text.endswith(
        """
resource "azurerm_network_security_rule" "azure_s_mail_mx_list_25" {
  name                    = "cloudsync-mail-list"
  priority                = 100
  source_address_prefix   = length(module.list_1.ipv4) == 1 ? module.list_1.ipv4[0] : null
  source_address_prefixes = length(module.list_1.ipv4) == 1 ? null : module.list_1.ipv4
}

import {
  to = azurerm_network_security_rule.azure_s_mail_mx_list_25
  id = "id"
}

resource "azurerm_network_security_rule" "azure_s_mail_mx_probe_25" {
  name                  = "cloudsync-mail-probe"
  priority              = 100
  source_address_prefix = "AzureLoadBalancer"
}

import {
  to = azurerm_network_security_rule.azure_s_mail_mx_probe_25
  id = "id"
}
"""
    )
    assert made.providers.endswith(
        'provider "azurerm" {\n  subscription_id = "s"\n\n  features {}\n}\n'
    )


def test_a_rule_that_merged_networks_stands_as_it_is() -> None:
    """The module merges none, so what it would say is another text for the same addresses."""
    made = root([Taken("azure:s/mail/mx", (azure("192.0.2.2/31"),), (ONE, TWO), "none", ())], None)
    assert '  source_address_prefix = "192.0.2.2/31"\n' in made.text
    assert made.remarks == (
        (
            "azure:s/mail/mx: rule cloudsync-mail-list holds the list in other networks than the module, "
            "which merges none, so it stands as it is and doesn't follow the module. Add the module "
            "beside it, apply, and then take it away."
        ),
    )


def test_what_leads_into_a_block_goes_there() -> None:
    """A policy's rule holds its networks in the block match; groups stand in a plural of their own."""
    config = {"ip_protocol": "tcp", "ports": ["25"]}
    said = {"priority": 900, "match": {"layer4_configs": config}}
    rule = Resource(
        "google_x", "id", Purpose.LIST, 25, (str(SIX),), None, "match.src_ip_ranges", said
    )
    made = root([Taken("gcp:p/n/all", (rule,), (SIX,), "none", ())], None)
    assert made.text.endswith(
        """
resource "google_x" "gcp_p_n_all_list_25" {
  priority = 900

  match {
    src_ip_ranges = module.list_1.ipv6

    layer4_configs {
      ip_protocol = "tcp"
      ports       = ["25"]
    }
  }
}

import {
  to = google_x.gcp_p_n_all_list_25
  id = "id"
}
"""
    )
    group = azure("/a/b", purpose=Purpose.ALSO, groups=True)
    made = root([Taken("azure:s/mail/mx", (group,), (), "none", ())], None)
    assert '  source_application_security_group_ids = ["/a/b"]\n' in made.text


def test_what_somebody_else_wrote_is_never_an_expression() -> None:
    """A label that Terraform would carry out comes out as text."""
    assert (
        written('a${file("/etc/passwd")}%{if}\n"') == '"a$${file(\\"/etc/passwd\\")}%%{if}\\n\\""'
    )
    assert written(Keyed({"${a}": True})) == '{ "$${a}" = true }'
    assert block("x", {"a": None, "b": [], "c": False}) == ["x {", "  c = false", "}"]


@pytest.mark.parametrize(
    ("url", "environment", "written"),
    [
        ("s3://modules/mail/", {"AWS_REGION": "eu-west-1"},
         "s3::https://s3-eu-west-1.amazonaws.com/modules/mail/modules-1.0.0.zip"),
        ("s3://modules", {"AWS_DEFAULT_REGION": "us-east-1"},
         "s3::https://s3.amazonaws.com/modules/modules-1.0.0.zip"),
        ("s3://modules", {}, "s3::https://s3.amazonaws.com/modules/modules-1.0.0.zip"),
        ("gs://modules/mail", {}, "gcs::https://www.googleapis.com/storage/v1/modules/mail/modules-1.0.0.zip"),
        ("az://modules/mail", {"AZURE_STORAGE_ACCOUNT_NAME": "lists"},
         "https://lists.blob.core.windows.net/modules/mail/modules-1.0.0.zip"),
        ("az://modules", {"AZURE_STORAGE_ACCOUNT_NAME": "l", "AZURE_STORAGE_ENDPOINT": "https://l.blob.core.chinacloudapi.cn/"},
         "https://l.blob.core.chinacloudapi.cn/modules/modules-1.0.0.zip"),
        ("file:///srv/modules", {}, "file:///srv/modules/modules-1.0.0.zip"),
    ],
)  # fmt: skip
def test_an_archive_is_named_as_terraform_reads_it(
    url: str, environment: dict[str, str], written: str
) -> None:
    """A bucket's own URL is no module source."""
    assert source(url, "modules-1.0.0.zip", environment) == written
