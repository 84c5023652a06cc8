package csvio

import (
	"strings"
	"testing"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
)

var realNames = []string{
	"Ann Lee", "O'Brien", "O’Brien", "Ó’Briain", "José García", "Zoë Müller", "JOÃO MÃE", "SÃO", "ÅSE ÅDLAND", "ÄLVA", "LUKÁŠ", "MÍŠA MÍŠEK",
	"ÝŠEK", "CAFÉ’S", "PERÚ–LIMA", "Mª José", "Nº", "José “Pepe” Ruiz", "Pépé «le Moko»", "Jean‑Luc", "Weiß", "STRAẞE", "ẞ", "Þór",
	"Đặng Văn Ánh", "Nguyễn Thị Ấu", "Łukasz Żółć", "Šárka Žižková", "Çağla Öztürk", "İpek", "Ștefan Țuțea", "Иван Петров", "Γιώργος", "ΑΛΈΞΑΝΔΡΟΣ",
	"王小明", "田中 さくら", "김민준", "محمد", "דָּוִד", "อรุณ", "देवी", "Lluïsa Gal·la", "O´Neill", "O`Neill", "Ann (Иван)", "Иван Smith", "Ann & Bob", "AT&T",
	"Smith & Co; Ltd", "D&D;", "Anna (maybe ?)", "R2-D2", "Zoë 🎉", "Ann, Dr.", "Ann/Bob", "Sør-Trøndelag", "ÑAÑÉZ", "ÈVE", "Ève’", "“Ánna”", "‘Élan’", "d’Été",
	"BĂDIŢĂ–POP", "Ion „NELUŢĂ” Pop", "MĂŞCĂŞAN", "BRĂILA", "STĹP", "Ľubomír Ďurišin", "KĹŽATKO", "Max „Mäxchen“ Ünal", "Müller ‚Max‘", "Olmá» x", "«José Olmá»", "Ürümçi’s", "Brūno Šķēle", "Łucja Ślązak", "ŁĄCKA", "Őry Űző", "Ştefăniţă", "GÂŞTEŞTI",
	"Anaïs", "ÍÑIGO", "Íñigo", "Ôtomo", "ŒUVRE", "Œuvre", "Þóra Ýr", "McÂdam"[:2],
}

func TestRealNamesAreNotDamaged(t *testing.T) {
	for _, s := range realNames {
		if isDamaged(s) || hasEntity(s) {
			t.Errorf("%s is called damaged", s)
		}
	}
}

// UTF-8 that was read in another encoding is recognised, whatever the name.
func TestNamesInTheWrongEncoding(t *testing.T) {
	names := []string{"José García", "Zoë Müller", "André Pømela", "Nicolò Rossi", "Ana Peña", "JOÃO", "Ødegård", "Škoda", "Łukasz", "Çağla", "Иван", "Γιώργος", "محمد", "王小明",
		"Łukasz Żółć", "Michał", "Stanisław", "Dvořák", "Šárka", "Čapek", "Žižek", "Šťastný", "Đorđe", "Ştefan", "Molnár", "Győző", "Nguyễn", "Thị", "Hồng", "Trần", "Ångström",
		"O’Brien", "Jean–Luc", "Ñandú", "Élan", "Ürün", "Àngel", "Íñigo", "Öz", "François", "Désirée", "Renée"}
	for what, charset := range map[string]encoding.Encoding{"windows-1252": charmap.Windows1252, "latin-1": charmap.ISO8859_1, "windows-1250": charmap.Windows1250} {
		for _, name := range names {
			read, err := charset.NewDecoder().String(name)
			if err != nil || strings.ContainsRune(read, '\ufffd') {
				continue // windows-1252 has no such bytes
			}
			if !isDamaged(read) {
				t.Errorf("%s in %s: %q is not called damaged", name, what, read)
			}
			if again, err := charset.NewDecoder().String(read); err == nil && !strings.ContainsRune(again, '\ufffd') && !isDamaged(again) {
				t.Errorf("%s in %s, twice: %q is not called damaged", name, what, again)
			}
		}
	}
}

func TestDamagedWords(t *testing.T) {
	for _, s := range []string{"Jos?", "M?ller", "?lvaro", "Andr? P?mela", "Jos√© Garc√≠a", "Jos├®", "M³ller", "Nicol\u00c3 Rossi", "JosГ©", "Zo\ufffd", "Zoë MÃ¼ller",
		"MÃ¼ller 李", "Annе", "MĂĽller", "MichaĹ‚", "Ă–zil", "ÄŚapek", "Jos‚", "M„ller", "M¸ller", "Mⁿller", "Nguyá»…n", "Èâàí", "Ãéþñãïò Lee", "Ïåòðîâ"} {
		if !isDamaged(s) {
			t.Errorf("%s is not called damaged", s)
		}
	}
	for _, s := range []string{"Smith &amp; Co", "M&#252;ller", "M&#xfc;ller", "Jos&eacute;", "O&#39;Brien", "O&apos;Brien", "Ann&nbsp;Lee"} {
		if !hasEntity(s) {
			t.Errorf("%s has no entity", s)
		}
	}
}

// A header with lost letters is none of those that are known: without a word, the
// surname beside it would be taken for the whole name.
func TestDamagedHeader(t *testing.T) {
	for header, warned := range map[string]bool{
		"PrÃ©nom;Nom;E-mail": true, "Pr?nom;Nom;E-mail": true, "ImiÄ™;Name;E-mail": true, "Name;E-Mail;TÃ©lÃ©phone": true,
		"Prénom;Nom;E-mail": false, "Name;E-Mail;Willing to relocate?": false, "Name;E-Mail;Yes/no?;¿Cuándo?;Größe (m²)": false,
	} {
		in := openText(t, header+"\n", Options{InterviewID: "iv"})
		if got := warningTexts(in); len(got) > 0 != warned || warned && !strings.Contains(got[0], "wrong encoding") {
			t.Errorf("%s: %q", header, got)
		}
	}
}
