/** Scripts of the kinds that connectors contain, each run on its intended data. */
import { describe, expect, it } from "vitest"
import * as ScriptData from "../src/ScriptData.ts"
import { evaluate, failure } from "./Evaluation.ts"

/** A pre-process function receives the typed input as gson parses it; its result is JSON text. */
const pre = (source: string, input: ScriptData.Json): unknown =>
  JSON.parse(String(evaluate(source, ScriptData.toText(input), { numbers: "double" })))

const post = (source: string, response: string): unknown => {
  const answer = evaluate(source, response)
  try {
    return JSON.parse(String(answer))
  } catch {
    return answer
  }
}

const documents = { algorithm: "TEXT_EMBEDDING", text_docs: ['one \\"quoted\\"', "two"] }
const ranking = { algorithm: "REMOTE", query_text: "q", text_docs: ["first", "second", "third"] }

describe("pre-process functions", () => {
  it("the first document, with a builder", () => {
    const script = `
      // one document a call
      StringBuilder b = new StringBuilder();
      b.append("\\"");
      String first = params.text_docs[0];
      b.append(first);
      b.append("\\"");
      def inner = "{" + "\\"inputText\\":" + b + "}";
      return "{" + "\\"parameters\\":" + inner + "}";`
    expect(pre(script, documents)).toEqual({ parameters: { inputText: 'one "quoted"' } })
  })

  const multimodal = `
    StringBuilder fields = new StringBuilder();
    if (params.text_docs.length > 0 && params.text_docs[0] != null) {
      fields.append('"inputText":"').append(params.text_docs[0]).append('"');
    }
    if (params.text_docs.length > 1 && params.text_docs[1] != null) {
      if (fields.length() > 0) { fields.append(',') }
      fields.append('"inputImage":"').append(params.text_docs[1]).append('"');
    }
    return '{"parameters":{' + fields + '}}';`
  it.each([
    [["text", "aW1n"], { inputText: "text", inputImage: "aW1n" }],
    [["text"], { inputText: "text" }],
    [[null, "aW1n"], { inputImage: "aW1n" }],
    [[], {}],
  ])("text and image, each if present: %j", (text_docs, parameters) => {
    expect(pre(multimodal, { text_docs })).toEqual({ parameters })
  })

  it("a query and its documents, joined in a loop", () => {
    const script = `
      def docs = params.text_docs;
      def all = new StringBuilder('[');
      for (int i = 0; i < docs.length; i ++) {
        all.append('"');
        all.append(docs[i]);
        all.append('"');
        if (i < docs.length - 1) { all.append(','); }
      }
      all.append(']');
      def inner = '{ "query": "' + params.query_text + '",  "documents": ' + all.toString() + ' }';
      return  '{"parameters": ' + inner + '}';`
    expect(pre(script, ranking)).toEqual({ parameters: { query: "q", documents: ["first", "second", "third"] } })
  })

  it("pairs of query and document, with a custom escape function", () => {
    const script = `
      String escape(def text) {
        if (text.contains("\\\\")) { text = text.replace("\\\\", "\\\\\\\\"); }
        if (text.contains("\\"")) { text = text.replace("\\"", "\\\\\\""); }
        if (text.contains('\n')) { text = text = text.replace('\n', '\\\\n'); }
        return text;
      }
      String query = params.query_text;
      def pairs = new StringBuilder('[');
      for (int i = 0; i < params.text_docs.length; i++) {
        pairs.append('{"text":"').append(escape(query)).append('","text_pair":"').append(escape(params.text_docs[i])).append('"}');
        if (i < params.text_docs.length - 1) pairs.append(',');
      }
      def inner = '{"inputs":' + pairs + ']}';
      return '{"parameters":' + inner + '}';`
    expect(pre(script, { query_text: 'a "b"', text_docs: ["x\ny", "back\\slash"] })).toEqual({
      parameters: {
        inputs: [
          { text: 'a "b"', text_pair: "x\ny" },
          { text: 'a "b"', text_pair: "back\\slash" },
        ],
      },
    })
  })

  const highlighter = `
    // either shape of input
    if (params.question != null && params.context != null && params.inputs == null) {
      return '{"parameters":{"question":"' + params.question + '","context":"' + params.context + '"}}';
    } else if (params.inputs != null) {
      String inputs = params.inputs.toString();
      return '{"parameters":{"inputs":' + inputs + '}}';
    } else {
      throw new IllegalArgumentException("neither question and context nor inputs");
    }`
  it("one of two forms of input, or an exception", () => {
    expect(pre(highlighter, { question: "Q", context: "C" })).toEqual({ parameters: { question: "Q", context: "C" } })
    expect(pre(highlighter, { inputs: '[{"question":"Q"}]' })).toEqual({ parameters: { inputs: [{ question: "Q" }] } })
    expect(failure(highlighter).reason).toMatchObject({
      _tag: "Thrown",
      exception: "IllegalArgumentException",
      line: 9,
    })
  })

  it("the built-in escape on every document", () => {
    const script = `
      def out = [];
      for (def d : params.text_docs) { out.add('"' + escape(d) + '"') }
      return '{"parameters":{"input":' + out + '}}'`
    expect(pre(script, { text_docs: ['tab\t"', "\u0000\u001f\\t"] })).toEqual({
      parameters: { input: ['tab\t"', "\u0000\u001f\\t"] },
    })
  })
})

describe("post-process functions", () => {
  const embedding = `
    def name = "sentence_embedding";
    def dataType = "FLOAT32";
    if (params.embedding == null || params.embedding.length == 0) {
      return params.message;
    }
    def shape = [params.embedding.length];
    def json = "{" +
      "\\"name\\":\\"" + name + "\\"," +
      "\\"data_type\\":\\"" + dataType + "\\"," +
      "\\"shape\\":" + shape + "," +
      "\\"data\\":" + params.embedding +
      "}";
    return json;`
  it("an embedding printed as Java prints a list", () => {
    expect(evaluate(embedding, '{"embedding":[0.5,-1e-7,3,1.0]}')).toBe(
      '{"name":"sentence_embedding","data_type":"FLOAT32","shape":[4],"data":[0.5, -1.0E-7, 3, 1.0]}',
    )
    expect(post(embedding, '{"message":"throttled"}')).toBe("throttled")
    expect(post(embedding, "{}")).toBe(null)
  })

  it("one text of the response", () => {
    expect(post("return params['completions'][0].data.text; ", '{"completions":[{"data":{"text":"T"}}]}')).toBe("T")
  })

  it.each([
    ["params.choices[0].message.content", '{"choices":[{"message":{"content":"a \\"b\\"\\tc"}}]}'],
    ["params.output.message.content[0].text", '{"output":{"message":{"content":[{"text":"a \\"b\\"\\tc"}]}}}'],
    ["params.content[0].text", '{"content":[{"text":"a \\"b\\"\\tc"}]}'],
    ["params.candidates[0].content.parts[0].text", '{"candidates":[{"content":{"parts":[{"text":"a \\"b\\"\\tc"}]}}]}'],
  ])("%s wrapped in one line", (path, response) => {
    const script = `def text = ${path}; return '{"name":"response","dataAsMap":{"response":"' + escape(text) + '"}}'`
    expect(post(script, response)).toEqual({ name: "response", dataAsMap: { response: 'a "b"\tc' } })
  })

  it("scores restored to the order of the documents", () => {
    const script = `
      if (params.results == null || params.results.length == 0) {
        throw new IllegalArgumentException("no results");
      }
      def found = params.results;
      def scores = new Double[found.length];
      for (int i=0; i<found.length; i++) {
        def place = new BigDecimal(found[i].index.toString()).intValue();
        scores[place] = found[i].relevance_score;
      }
      def tensors = new StringBuilder('[');
      for (int i=0; i<scores.length; i++) {
        tensors.append(' {"name": "similarity", "data_type": "FLOAT32", "shape": [1], "data": [');
        tensors.append(scores[i]);
        tensors.append(']}');
        if (i<scores.length - 1) { tensors.append(','); }
      }
      tensors.append(']');
      return tensors.toString();`
    const response =
      '{"results":[{"index":2,"relevance_score":0.9},{"index":0.0,"relevance_score":1},{"index":1,"relevance_score":2.5E-8}]}'
    expect(post(script, response)).toMatchObject([{ data: [1] }, { data: [2.5e-8] }, { data: [0.9] }])
    expect(failure(script, '{"results":[]}').reason).toMatchObject({ _tag: "Thrown", message: "no results" })
    expect(failure(script, '{"results":[{"index":7,"relevance_score":0.5}]}').reason).toMatchObject({
      _tag: "Runtime",
      kind: "ArrayIndexOutOfBoundsException",
    })
  })

  it("a plain sentence if there is no result", () => {
    const script = `
      def type = "FLOAT32";
      if (params.result == null)
      {
          return 'no result generated';
          //return params.response;
      }
      def out = params.result;
      def all = new StringBuilder('[ ');
      for (int i=0; i<out.length; i++) {
        all.append('{"data_type":"' + type + '","data": [').append(out[i].score).append(']}');
        if (i<out.length - 1) { all.append(','); }
      }
      return all.append(']').toString();`
    expect(post(script, "{}")).toBe("no result generated")
    expect(post(script, '{"result":[{"score":0.25},{"score":0.5}]}')).toMatchObject([{ data: [0.25] }, { data: [0.5] }])
  })

  const byteEmbeddings = `
    def type = "FLOAT32";
    def rows;
    if (params.embeddings.int8 != null) { type = "INT8"; rows = params.embeddings.int8; }
    else if (params.embeddings.uint8 != null) { type = "UINT8"; rows = params.embeddings.uint8; }
    else if (params.embeddings.float != null) { rows = params.embeddings.float; }
    if (rows == null) { return "no embeddings"; }
    def list = new StringBuilder("[");
    for (int m=0; m<rows.length; m++) {
      def size = rows[m].length;
      def vector = new StringBuilder("[");
      def shape = [size];
      for (int i=0; i<size; i++) {
        def val;
        if ("FLOAT32".equals(type)) { val = rows[m][i].floatValue(); }
        else if ("INT8".equals(type) || "UINT8".equals(type)) { val = rows[m][i].intValue(); }
        vector.append(val);
        if (i < size - 1) { vector.append(","); }
      }
      vector.append("]");
      list.append('{"data_type":"' + type + '","shape":' + shape + ',"data":' + vector + '}');
      if (m < rows.length - 1) { list.append(","); }
    }
    list.append("]");
    return list.toString();`
  it.each([
    [
      '{"int8":[[1,-2.0],[3,4]]}',
      '[{"data_type":"INT8","shape":[2],"data":[1,-2]},{"data_type":"INT8","shape":[2],"data":[3,4]}]',
    ],
    ['{"uint8":[[255]]}', '[{"data_type":"UINT8","shape":[1],"data":[255]}]'],
    [
      '{"float":[[0.1,2,-0.006929283495992422]]}',
      '[{"data_type":"FLOAT32","shape":[3],"data":[0.1,2.0,-0.0069292835]}]',
    ],
    ["{}", "no embeddings"],
  ])("embeddings by their type: %s", (embeddings, answer) => {
    expect(evaluate(byteEmbeddings, `{"embeddings":${embeddings}}`)).toBe(answer)
  })

  it("an exception if a guardrail intervened, and nothing otherwise", () => {
    const script = `if (params['amazon-bedrock-guardrailAction']=='INTERVENED') throw new IllegalArgumentException("blocked");`
    expect(failure(script, '{"amazon-bedrock-guardrailAction":"INTERVENED"}').reason).toMatchObject({
      _tag: "Thrown",
      message: "blocked",
    })
    expect(post(script, '{"amazon-bedrock-guardrailAction":"NONE"}')).toBe(null)
  })

  it("JSON of any depth, written by a recursive function", () => {
    const script = `
      String json(def value) {
        if (value == null) { return 'null' }
        if (value instanceof String) { return '"' + escape(value) + '"' }
        if (value instanceof List) {
          def parts = [];
          for (item in value) { parts.add(json(item)) }
          return '[' + String.join(',', parts) + ']';
        }
        if (value instanceof Map) {
          return '{' + value.entrySet().stream().map(e -> json(e.getKey()) + ':' + json(e.getValue())).collect(Collectors.joining(',')) + '}';
        }
        return value.toString();
      }
      return json(params);`
    const data = { a: [1, 2.5, null, true, { b: 'x"\n' }], "c d": {} }
    expect(post(script, JSON.stringify(data))).toEqual(data)
  })
})
