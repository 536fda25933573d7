package themes_test
import ("testing";"bytes";"runtime")
func BenchmarkHome(b *testing.B){ t:=&testing.T{}; s:=newSet(t); w:=newWorld(t); var sp specimen; for _,x:=range learnSpecimens(w){ if x.name=="home"{sp=x} }
 var m runtime.MemStats; for _,x:=range specimens(t,w){ var bb bytes.Buffer; s.Render(&bb,x.view,x.page)}; runtime.GC(); runtime.ReadMemStats(&m); b.Logf("heap %d MB",m.HeapAlloc>>20)
 b.ReportAllocs(); for b.Loop(){ var bb bytes.Buffer; if err:=s.Render(&bb,sp.view,sp.page);err!=nil{b.Fatal(err)} } ; runtime.KeepAlive(w)}
