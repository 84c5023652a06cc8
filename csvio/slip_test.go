package csvio

import "testing"

func TestSlippedDomains(t *testing.T) {
	for _, domain := range []string{
		"gmial.com", "gmai.com", "gamil.com", "gmal.com", "gmil.com", "gnail.com", "gmaill.com", "ggmail.com", "gmail.co", "gmail.cm", "gmail.om", "gmail.con",
		"GMAIL.CMO", "mgail.com", "hotmial.com", "hotmal.com", "homail.com", "hotmai.com", "hotmail.co", "hotmail.con", "yahooo.com", "yaho.com", "yhaoo.com",
		"yahoo.comm", "outlok.com", "oulook.com", "outloook.com", "iclod.com", "icluod.com", "example.con", "example.cmo", "example.comm", "example.ocm", "example.vom", "example.c0m",
		"example.nte", "example.ogr", "example.orgg", "mail.example.con", "googlemial.com", "protonmai.com", "yaho.co.uk", "gmail.net",
		"gmail.c", "example.d", "gmaıl.com", "hotmaıl.com",
	} {
		if !isSlippedDomain(domain) {
			t.Errorf("%s is none", domain)
		}
	}
	for _, domain := range []string{
		"gmail.com", "googlemail.com", "mail.com", "ymail.com", "email.com", "cloud.com", "hotmail.com", "hotmail.co.uk", "hotmail.fr", "yahoo.com", "yahoo.co.in", "yahoo.de",
		"outlook.com", "outlook.fr", "icloud.com", "me.com", "aol.com", "gmx.de", "web.de", "example.com", "example.co", "example.cm", "example.om", "example.cam", "example.company",
		"example.example", "example.test", "example.de", "example.photography", "protonmail.com", "proton.me", "live.com", "gmal.example.com", "mx.gmail.com", "x.co", "t.co",
		"bücher.example", "xn--bcher-kva.com", "пример.рф", "example.email", "example.coop", "example.bet", "example.ngo", "example.int", "localhost", "kırıkkale.com.tr", "ışık.com",
	} {
		if isSlippedDomain(domain) {
			t.Errorf("%s is one", domain)
		}
	}
}
