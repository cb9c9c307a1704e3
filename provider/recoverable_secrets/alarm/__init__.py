"""The access alarm: tells people that something tried to read a secret pending deletion.

    patterns    which records of CloudTrail mean that, as data, and in the language of each service
    parts       what an alarm is made of, as data; and what may be asked for
    template    the same parts as a CloudFormation template
    region      the calls, and what each needs
    apply       looks at parts in AWS, puts and drops them
    alarms      whole alarms: install, look, remove
    managed     an alarm as an infrastructure engine sees it

The first three are pure.
"""
