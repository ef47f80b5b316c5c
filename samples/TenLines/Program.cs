using Tenon.Recipes;
using Tenon.Rollouts;
using Tenon.Training;

var model = LanguageModel.Open("tiny");
var greedy = new CompletionOptions { Temperature = 0, MaxNewTokens = 64 };
Console.WriteLine(model.Complete("12+345=?", greedy));
var recipe = Recipe.Load(args[0]).Set("steps=5", "evaluate.benchmarks=[]");
using var run = TrainingRun.Create(recipe, args[1]);
run.Train(e => { if (e is StepDone done) Console.WriteLine($"step {done.Metrics.Step}"); });
using var adapter = model.LoadAdapter(run.AdapterFolder!);
Console.WriteLine(model.Complete("12+345=?", greedy with { Adapter = adapter }));
