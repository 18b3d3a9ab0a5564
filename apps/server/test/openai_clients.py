"""Clients of OpenAI's API for Python, unmodified, against a Drawbar in front of stubs. OpenAiPython.test.ts runs it."""

import os

import openai
from haystack.components.embedders import OpenAITextEmbedder
from haystack.components.generators.chat import OpenAIChatGenerator
from haystack.dataclasses import ChatMessage
from haystack.tools import Tool
from haystack.utils import Secret
from langchain_core.messages import HumanMessage, ToolMessage
from langchain_openai import ChatOpenAI, OpenAIEmbeddings
from llama_index.core.llms import ChatMessage as LlamaMessage
from llama_index.core.tools import FunctionTool
from llama_index.embeddings.openai_like import OpenAILikeEmbedding
from llama_index.llms.openai_like import OpenAILike

CHAT, EMBED = os.environ["CHAT_URL"], os.environ["EMBED_URL"]
CHAT_MODEL, EMBED_MODEL = os.environ["CHAT_MODEL"], os.environ["EMBED_MODEL"]
TOOLS = [
    {
        "type": "function",
        "function": {
            "name": "weather",
            "description": "now",
            "parameters": {"type": "object", "properties": {"city": {"type": "string"}}},
        },
    }
]
QUESTION = {"role": "user", "content": "The weather?"}


def openai_client():
    client = openai.OpenAI(base_url=CHAT, api_key="unused", max_retries=0)
    answer = client.chat.completions.create(model=CHAT_MODEL, messages=[QUESTION], tools=TOOLS)
    message = answer.choices[0].message
    assert message.content == "Hello" and answer.usage.total_tokens == 17
    call = message.tool_calls[0]
    client.chat.completions.create(
        model=CHAT_MODEL,
        messages=[QUESTION, message, {"role": "tool", "tool_call_id": call.id, "content": "rain"}],
    )
    stream = client.chat.completions.create(
        model=CHAT_MODEL, messages=[QUESTION], stream=True, stream_options={"include_usage": True}
    )
    chunks = list(stream)
    assert "".join(c.choices[0].delta.content or "" for c in chunks if c.choices) == "Hello"
    assert chunks[-1].choices == [] and chunks[-1].usage.total_tokens == 17
    for error, arguments in [
        (openai.NotFoundError, {"model": "unheard-of"}),
        (openai.BadRequestError, {"logit_bias": {"5": 1}}),
    ]:
        try:
            client.chat.completions.create(**{"model": CHAT_MODEL, "messages": [QUESTION], **arguments})
            raise AssertionError(f"no {error}")
        except error:
            pass
    embedder = openai.OpenAI(base_url=EMBED, api_key="unused", max_retries=0)
    packed = embedder.embeddings.create(model=EMBED_MODEL, input=["one", "two"])
    floats = embedder.embeddings.create(model=EMBED_MODEL, input=["one", "two"], encoding_format="float")
    for a, b in zip(packed.data, floats.data, strict=True):
        assert all(abs(x - y) < 1e-6 for x, y in zip(a.embedding, b.embedding, strict=True))


def langchain():
    chat = ChatOpenAI(model=CHAT_MODEL, base_url=CHAT, api_key="unused", max_retries=0, stream_usage=True)
    with_tools = chat.bind_tools(TOOLS)
    question = HumanMessage("The weather?")
    answer = with_tools.invoke([question])
    assert answer.text == "Hello" and answer.tool_calls[0]["args"] == {"city": "Köln"}
    assert answer.usage_metadata["total_tokens"] == 17
    result = ToolMessage("rain", tool_call_id=answer.tool_calls[0]["id"])
    assert with_tools.invoke([question, answer, result]).text == "Hello"
    chunks = list(chat.stream("Hello?"))
    assert "".join(chunk.text for chunk in chunks) == "Hello"
    assert sum((chunk.usage_metadata or {}).get("total_tokens", 0) for chunk in chunks) == 17
    settings = {"model": EMBED_MODEL, "base_url": EMBED, "api_key": "unused"}
    assert len(OpenAIEmbeddings(**settings, check_embedding_ctx_length=False).embed_documents(["one", "two"])) == 2


def weather(city: str) -> str:
    """now"""
    return "rain"


def llama_index():
    llm = OpenAILike(model=CHAT_MODEL, api_base=CHAT, api_key="unused", is_chat_model=True, max_retries=0)
    messages = [LlamaMessage(role="user", content="Hello?")]
    assert "Hello" in str(llm.chat(messages))
    assert "".join(part.delta or "" for part in llm.stream_chat(messages)) == "Hello"
    caller = OpenAILike(
        model=CHAT_MODEL,
        api_base=CHAT,
        api_key="unused",
        is_chat_model=True,
        is_function_calling_model=True,
        max_retries=0,
    )
    tool = FunctionTool.from_defaults(fn=weather, name="weather")
    answer = caller.chat_with_tools([tool], user_msg="The weather?")
    [call] = caller.get_tool_calls_from_response(answer)
    assert call.tool_name == "weather" and call.tool_kwargs == {"city": "Köln"}
    result = LlamaMessage(role="tool", content="rain", additional_kwargs={"tool_call_id": call.tool_id})
    history = [LlamaMessage(role="user", content="The weather?"), answer.message, result]
    assert "Hello" in str(caller.chat_with_tools([tool], chat_history=history))
    embedder = OpenAILikeEmbedding(model_name=EMBED_MODEL, api_base=EMBED, api_key="unused")
    assert len(embedder.get_text_embedding_batch(["one", "two"])) == 2


def haystack():
    settings = {"model": CHAT_MODEL, "api_base_url": CHAT, "api_key": Secret.from_token("unused"), "max_retries": 0}
    question = ChatMessage.from_user("Hello?")
    assert OpenAIChatGenerator(**settings).run(messages=[question])["replies"][0].text == "Hello"
    chunks = []
    OpenAIChatGenerator(**settings, streaming_callback=chunks.append).run(messages=[question])
    assert "".join(chunk.content for chunk in chunks) == "Hello"
    schema = TOOLS[0]["function"]["parameters"]
    tool = Tool(name="weather", description="now", parameters=schema, function=weather)
    generator = OpenAIChatGenerator(**settings, tools=[tool])
    [reply] = generator.run(messages=[question])["replies"]
    assert reply.tool_call.arguments == {"city": "Köln"} and reply.meta["usage"]["total_tokens"] == 17
    result = ChatMessage.from_tool(tool_result="rain", origin=reply.tool_call)
    assert generator.run(messages=[question, reply, result])["replies"][0].text == "Hello"
    embedder = OpenAITextEmbedder(model=EMBED_MODEL, api_base_url=EMBED, api_key=Secret.from_token("unused"))
    assert len(embedder.run("one")["embedding"]) > 1


for walk in (openai_client, langchain, llama_index, haystack):
    walk()
    print(walk.__name__)
