use super::*;

/// How many insecure references there are: active, passive, forms.
fn counts(html: &str) -> [u64; 3] {
    let page = Page::read(html.as_bytes(), true);
    Kind::ALL.map(|kind| page.insecure(kind).count)
}

#[test]
fn what_runs_in_the_page_is_active() {
    for tag in [
        "<script src=http://a.test/x></script>",
        "<SCRIPT SRC='http://a.test/x'>",
        "<svg><script xlink:href=http://a.test/x />",
        "<iframe src=http://a.test/x>",
        "<frame src=http://a.test/x>",
        "<embed src=http://a.test/x>",
        "<object data=http://a.test/x>",
        "<link rel='alternate StyleSheet' href=http://a.test/x>",
        "<link rel=modulepreload href=http://a.test/x>",
        "<link rel=preload as=font href=http://a.test/x>",
    ] {
        assert_eq!(counts(tag), [1, 0, 0], "{tag}");
    }
}

#[test]
fn what_is_only_shown_is_passive() {
    for tag in [
        "<img src=http://a.test/x>",
        "<img src=/x srcset='/y 1x, http://a.test/x 2x'>",
        "<picture><source srcset=http://a.test/x>",
        "<audio src=http://a.test/x>",
        "<video poster=http://a.test/x>",
        "<track src=http://a.test/x>",
        "<input type=image src=http://a.test/x>",
        "<svg><image href=http://a.test/x>",
        "<link rel='shortcut icon' href=http://a.test/x>",
        "<link rel=preload as=image href=http://a.test/x>",
    ] {
        assert_eq!(counts(tag), [0, 1, 0], "{tag}");
    }
}

#[test]
fn forms_are_a_kind_of_their_own() {
    for tag in [
        "<form action=http://a.test/x>",
        "<button formaction=http://a.test/x>",
        "<input type=submit formaction=http://a.test/x>",
    ] {
        assert_eq!(counts(tag), [0, 0, 1], "{tag}");
    }
}

#[test]
fn what_browsers_do_not_load_does_not_count() {
    for html in [
        "<a href=http://a.test/>",
        "<link rel=canonical href=http://a.test/>",
        "<link href=http://a.test/>",
        "<img src=https://a.test/ src=http://a.test/>",
        "<img data-src=http://a.test/>",
        "<input src=http://a.test/>",
        "<form method=dialog action=http://a.test/>",
        "<button type=button formaction=http://a.test/>",
        "<!-- <script src=http://a.test/></script> -->",
        "<title><img src=http://a.test/></title>",
        "<script>document.write('<img src=http://a.test/>')</script>",
        "<noscript><img src=http://a.test/></noscript>",
        "<template><template></template><img src=http://a.test/></template>",
        "<img src=http://a.test/ ",
    ] {
        assert_eq!(counts(html), [0, 0, 0], "{html}");
    }
    assert_eq!(counts("<template></template><img src=http://a.test/>"), [0, 1, 0]);
    assert_eq!(counts("<template shadowrootmode=open><img src=http://a.test/></template>"), [0, 1, 0]);
}

#[test]
fn the_first_base_counts_from_where_it_stands() {
    let html = "<img src=x><base target=y><base href=http://a.test/b/><base href=/c/><img src=x><img src=/x>";
    let page = Page::read(html.as_bytes(), true);
    assert_eq!(page.insecure(Kind::Passive).urls, ["http://a.test/b/x", "http://a.test/x"]);
}

#[test]
fn a_policy_in_the_head_upgrades_what_follows() {
    let meta = "<meta http-equiv=Content-Security-Policy content='upgrade-insecure-requests'>";
    let image = "<img src=http://a.test/>";
    let script = "<script src=http://a.test/></script>";
    assert_eq!(counts(&format!("<!doctype html><html><head>{meta}{script}<body>{image}")), [0, 0, 0]);
    assert_eq!(counts(&format!("{script}{meta}{script}")), [1, 0, 0]);
    assert_eq!(counts(&format!("<head></head><body>{meta}{image}")), [0, 1, 0]);
    assert_eq!(counts(&format!("<template>{meta}</template>{image}")), [0, 1, 0]);
}

#[test]
fn without_tls_the_head_is_enough() {
    let meta = "<meta http-equiv=content-security-policy content='img-src *'>";
    let page = Page::read(format!("<html>{meta}<p>{meta}<img src=http://a.test/>").as_bytes(), false);
    assert_eq!((page.policies.len(), page.insecure(Kind::Passive).count), (1, 0));
}
