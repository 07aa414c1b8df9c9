"""Policies of topics and queues, subscriptions, schedules."""

from __future__ import annotations

from localcfn.adapters.base import Made, Properties, adapt, short, text
from localcfn.kinds import Where


def register() -> None:
    """Makes the types known."""
    adapt("AWS::SNS::TopicPolicy", _topic_policy)
    adapt(
        "AWS::SNS::Subscription",
        _subscription,
        lambda where, resource: where.client("sns").unsubscribe(SubscriptionArn=resource.physical_resource_id),
    )
    adapt("AWS::SQS::QueuePolicy", _queue_policy)
    adapt(
        "AWS::Scheduler::Schedule",
        _schedule,
        lambda where, resource: where.client("scheduler").delete_schedule(Name=resource.physical_resource_id),
    )


def _topic_policy(where: Where, name: str, properties: Properties) -> Made:
    for topic in properties["Topics"]:
        where.client("sns").set_topic_attributes(
            TopicArn=topic, AttributeName="Policy", AttributeValue=text(properties["PolicyDocument"])
        )
    return name, {"Id": name}


def _subscription(where: Where, name: str, properties: Properties) -> Made:
    arn = where.client("sns").subscribe(**properties, ReturnSubscriptionArn=True)["SubscriptionArn"]
    return arn, {"Arn": arn}


def _queue_policy(where: Where, name: str, properties: Properties) -> Made:
    for queue in properties["Queues"]:
        where.client("sqs").set_queue_attributes(
            QueueUrl=queue, Attributes={"Policy": text(properties["PolicyDocument"])}
        )
    return name, {"Id": name}


def _schedule(where: Where, name: str, properties: Properties) -> Made:
    arguments = {"Name": short(name, 64), **properties}
    return arguments["Name"], {"Arn": where.client("scheduler").create_schedule(**arguments)["ScheduleArn"]}
