"""The pages: signing up, tuning what one gets, reading the archive, leaving.

    request --app--> rules for all (sizes, speeds, where it comes from) --> one page's function --> Desk.page

GET changes nothing. Whoever has a link from a mail is known by its token; nobody logs in but the operator.
"""
