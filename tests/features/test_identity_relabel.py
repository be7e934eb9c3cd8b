"""After a rebuild by other settings, whom they concern is somebody else everywhere; by the same ones, nobody is."""

from feature_shop import START, Shop, viewed

from features.identity_rules import MEANINGLESS, IdentityRules
from features.rebuild import rebuild
from features.record import LINK

STRICT = IdentityRules(meaningless=MEANINGLESS | {"kiosk"})


def links(shop):
    return list(shop.ledger.records(kinds=(LINK,)))


def products(shop, user):
    return shop.read(user, now=START)["product_views_7d"]


def test_features_follow_a_rebuild_by_other_settings_and_the_way_back(tmp_path):
    shop = Shop(tmp_path)
    shop.send(*(viewed(userId=user, anonymousId="kiosk") for user in ("u-1", "u-2", "u-2")))
    assert products(shop, "u-1") == products(shop, "u-2") == 3.0
    together = shop.customer("u-1")
    for rules, views in ((STRICT, (1.0, 2.0)), (IdentityRules(), (3.0, 3.0))):
        rebuild(shop.ledger, rules)
        shop.projection.catch_up()
        assert (products(shop, "u-1"), products(shop, "u-2")) == views
        assert shop.customer("u-1") == together
    shop.close()


def test_a_rebuild_by_the_same_settings_announces_nobody(tmp_path):
    shop = Shop(tmp_path)
    shop.send(viewed(userId="u-1", anonymousId="a"), viewed(userId="u-2"), viewed(userId="u-2", anonymousId="a"))
    before = links(shop)
    rebuild(shop.ledger)
    assert links(shop) == before
    shop.close()
