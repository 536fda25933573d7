package main

import "testing"

func TestCaptionsAreWrittenAsWebVTT(t *testing.T) {
	t.Parallel()
	got := webVTT([]caption{{From: 0.4, Until: 3.6, Text: "First."}, {From: 61.25, Until: 3600, Text: "Second."}})
	want := "WEBVTT\n\nNOTE The film is silent; these are the words it shows.\n" +
		"\n1\n00:00:00.400 --> 00:00:03.600 line:4%\nFirst.\n" +
		"\n2\n00:01:01.250 --> 01:00:00.000 line:4%\nSecond.\n"
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}
