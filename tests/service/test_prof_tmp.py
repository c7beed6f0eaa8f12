import cProfile, pstats, time, os, glob
from services.domain.workflow import Stage
from tests import factories
import json, logging
def pgcpu():
    t=0
    for f in glob.glob('/proc/[0-9]*/stat'):
        try:
            x=open(f).read()
            if 'postgres' in x.split(')')[0]:
                r=x.rsplit(')',1)[1].split(); t+=int(r[11])+int(r[12])
        except Exception: pass
    return t/100
def test_p(live_play):
    play=live_play
    logging.disable(logging.CRITICAL)
    N=300
    play.register(*(f"{n}.mp4" for n in range(N+50)))
    http=play.http("wren")
    def one(app=play.app):
        it=play.claim(Stage.INGEST, limit=1)[0]
        play.report(it, factories.ingest_done())
    for _ in range(20): one()
    c=time.process_time(); g=pgcpu(); t=time.time()
    for _ in range(150): one()
    print("py cpu ms/req",(time.process_time()-c)/300*1000,"pg cpu",(pgcpu()-g)/300*1000,"wall",(time.time()-t)/300*1000)
    pr=cProfile.Profile(); pr.enable()
    for _ in range(150): one()
    pr.disable()
    pstats.Stats(pr).sort_stats('tottime').print_stats(45)
    pstats.Stats(pr).sort_stats('cumtime').print_stats('work/main')
