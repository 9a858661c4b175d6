"""Many machines on one database: a clock, and tasks for whichever worker is free. The task engine is procrastinate.

    tick        once a minute in the whole cluster, whoever is free:
                    what is due, and nobody has been asked for yet  ->  jobs
    pull        one source                                              a lock for all that must be visited in turn
    compose     the subscribers with numbers from .. to                 a lock each
    deliver     so many messages                                        a job for every 500, written with their editions
    chores      alerts, mail that came back, vacuum

A job says that there may be something to do; whether there is, and that it is done once, is the Store's business. So a
job that is lost costs a minute, one too many nothing: none is ever tried again, the next tick asks anew.
"""
