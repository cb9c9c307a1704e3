"""The CloudFormation surface: `Custom::RecoverableSecret` behind one Lambda function.

    handler.py      the entry point; what a Create or Update event asks of the engine
    deletion.py     what a Delete event asks of it, and on whose word
    operation.py    the engine, with the function's own account, time and log
    identity.py     which secret an event is about, and whose
    protocol.py     the answer to CloudFormation, by crhelper, and what crhelper leaves open
    properties.py   a resource's properties to the model; what the installation allows
    stacks.py       what CloudFormation tells of a stack: its name, tags, and what it is doing

The function serves many stacks with rights of its own: it is a deputy that must not be confused.
Who owns a secret comes from the StackId, never from a property; see docs/security.md.
"""
