package batch

import "testing"

func TestNamesDiffer(t *testing.T) {
	for _, pair := range [][2]string{
		{"Ann Lee", "Ann Lee"}, {"Ann Lee", "ann  LEE"}, {"Lee, Ann", "Ann Lee"}, {"Ann M. Lee", "Ann Lee"}, {"Ann", "Ann Lee"}, {"Dr. Ann Lee", "Ann Lee"},
		{"", "Ann"}, {"Zoë", "Zoe"}, {"Zoe\u0308", "Zoë"}, {"O'Brien", "O’Brien"}, {"Jean-Luc", "Jean Luc"}, {"李明", "李明"}, {"Ａｎｎ", "Ann"},
	} {
		if NamesDiffer(pair[0], pair[1]) || NamesDiffer(pair[1], pair[0]) {
			t.Errorf("%q differ", pair)
		}
	}
	for _, pair := range [][2]string{{"Ann Lee", "Ben Lee"}, {"Ann", "Ben"}, {"李明", "王明"}, {"Ann Lee", "Ann Ray"}, {"Иван", "Пётр"}} {
		if !NamesDiffer(pair[0], pair[1]) || !NamesDiffer(pair[1], pair[0]) {
			t.Errorf("%q do not differ", pair)
		}
	}
}

func TestPlaces(t *testing.T) {
	for want, p := range map[string]Place{
		"row 7 Zoë Okafor":        {Row: 7, Line: 7, Name: "Zoë Okafor"},
		"row 7 (line 9) Zoë":      {Row: 7, Line: 9, Name: "Zoë"},
		"row 7":                   {Row: 7, Line: 7},
		"row 7 Ann  [31m Lee":     {Row: 7, Line: 7, Name: "Ann\n\x1b[31m\u202eLee"},
		"row 3 " + x59() + "…":    {Row: 3, Line: 3, Name: x59() + "xx"},
		"row 3 (line 4) " + x59(): {Row: 3, Line: 4, Name: x59()},
	} {
		if got := p.String(); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

func x59() string {
	b := make([]byte, shownCell-1)
	for i := range b {
		b[i] = 'x'
	}
	return string(b)
}
